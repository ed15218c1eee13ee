import { Predicate } from "effect"
import type { OperationScope } from "./OperationScope.ts"

/** JSON as identity keys and inputs are made of. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/**
 * Which starts count as the same start. `while_active`: an equal start joins the run that is queued or running.
 */
export type IdentityRule = "while_active"

/** What makes two starts of an operation type the same, beyond type, workspace and tenant. */
export interface Identity<Input> {
  readonly rule: IdentityRule
  /** What of the input tells starts apart; left out, there is one run per scope. */
  readonly key?: (input: Input) => Json
}

const canonical = (value: Json): string => {
  if (Predicate.isString(value)) return JSON.stringify(value.normalize("NFC"))
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (Predicate.isObject(value)) {
    const entries = Object.entries(value)
      .map(([key, member]) => [JSON.stringify(key.normalize("NFC")), canonical(member)] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${entries.map(([key, member]) => `${key}:${member}`).join(",")}}`
  }
  return JSON.stringify(value)
}

/**
 * The readable canonical key of a start, the text that is digested to decide "same start". Object members are ordered,
 * strings are in Unicode NFC, `-0` is `0`; an absent member and a `null` one differ.
 *
 * @param scope where the operation works
 * @param type the operation type's name
 * @param rule the identity rule
 * @param key what the type says tells its starts apart
 */
export const canonicalKey = (scope: OperationScope, type: string, rule: IdentityRule, key: Json): string =>
  canonical([rule, type, scope.workspaceId, scope.tenantId, key])
