import { Predicate } from "effect"
import type { Json } from "../text/Json.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import type { IdentityRule } from "../run/Run.ts"

/** An equal start joins the run that is queued or running. */
export interface WhileActive<Input> {
  readonly rule: "while_active"
  /** What of the input tells starts apart; left out, there is one run per scope. */
  readonly key?: (input: Input) => Json
}

/**
 * A start that carries the same key of the same actor (`Idempotency-Key`) is answered with the run that was recorded first, for
 * ever. The key belongs to that one request: with another one it is refused.
 */
export interface OnceByKey<Input> {
  readonly rule: "once"
  readonly by: "idempotency_key"
  /** The caller's key tells starts apart, whatever they are about. */
  readonly key?: never
  /** A second identity, that is taken only while the run is active. */
  readonly whileActive?: (input: Input) => Json
}

/** A start that a schedule means for the same time is answered with the run that was recorded first, for ever. */
export interface OnceByFireTime<Input> {
  readonly rule: "once"
  readonly by: "fire_time"
  /** What of the input tells schedules apart. */
  readonly key?: (input: Input) => Json
  /** A second identity, that is taken only while the run is active. */
  readonly whileActive?: (input: Input) => Json
}

/** What makes two starts of an operation the same, beyond type, workspace and tenant. */
export type Identity<Input> = WhileActive<Input> | OnceByKey<Input> | OnceByFireTime<Input>

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const text = (value: string) => JSON.stringify(value.normalize("NFC"))

/**
 * JSON in one canonical form: equal values, and only those, have the same text. Object members are ordered, strings and
 * names are in Unicode NFC, `-0` is `0`, and a member that is `undefined` is absent; an absent member and a `null` one
 * differ. A number that is not finite is a defect. Of two names that are the same in NFC, both are kept, in the order of their values.
 *
 * @param value what is to be compared
 */
export const canonical = (value: Json | undefined): string => {
  if (Predicate.isString(value)) return text(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(",")}]`
  if (Predicate.isObject(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [text(name), canonical(member)] as const)
      .sort(([a, first], [b, second]) => compare(a, b) || compare(first, second))
    return `{${members.map(([name, member]) => `${name}:${member}`).join(",")}}`
  }
  if (Predicate.isNumber(value) && !Number.isFinite(value))
    throw new TypeError(`${value} is no JSON: it cannot identify a run`)
  return JSON.stringify(value ?? null)
}

/**
 * The readable canonical key of a start, the text that is digested to decide "same start".
 *
 * @param scope where the operation works
 * @param type the operation's name
 * @param rule the identity rule
 * @param key what the type says tells its starts apart
 * @param once what tells the starts of a `once` identity apart: actor and idempotency key, or the fire time
 */
export const canonicalKey = (
  scope: OperationScope,
  type: string,
  rule: IdentityRule,
  key: Json,
  once?: Json
): string => {
  // Ids are compared as they are: a host may have two that differ in their Unicode form only.
  const exact = (value: Json) => JSON.stringify(value)
  const place = [rule, type, scope.workspaceId, scope.tenantId].map(exact)
  return `[${[...place, canonical(key), ...(once === undefined ? [] : [exact(once)])].join(",")}]`
}

/** What decides "same start": canonical texts, of which the database keeps the digests (SHA-256). */
export interface RunIdentity {
  readonly rule: IdentityRule
  readonly key: string
  /** Taken while the run is active: the key itself, or the second one of a `once` identity. */
  readonly activeKey: string | null
  /** The whole request, to which the key of a `once` identity belongs; null for other identities. */
  readonly request: string | null
  /** A blocked start takes the identity too: a schedule's fire time is used up. */
  readonly takenWhenBlocked: boolean
}
