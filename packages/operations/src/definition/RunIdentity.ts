/**
 * Identity: what makes two starts of an operation the same. An operation states the rule; `identify` applies it; unique indexes
 * on digests of the keys make it hold, however many processes start at once.
 *
 * @module
 */
import { Predicate } from "effect"
import type { Json } from "../text/Json.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import type { IdentityRule } from "../run/Run.ts"

/** `while_active`: an equal start joins the run that is queued or running. */
export interface WhileActive<Input> {
  readonly rule: "while_active"
  /** The part of the input that tells starts apart. Without it, there is one run per scope. */
  readonly key?: (input: Input) => Json
}

/**
 * `once` by `idempotency_key`: a start with the same key (`Idempotency-Key`) of the same actor always gets the run that was
 * recorded first. A key belongs to one request, and is refused with another one.
 */
export interface OnceByKey<Input> {
  readonly rule: "once"
  readonly by: "idempotency_key"
  /** Absent: the caller's key tells starts apart, whatever they are about. */
  readonly key?: never
  /** A second identity, which holds only while the run is active. */
  readonly whileActive?: (input: Input) => Json
}

/** `once` by `fire_time`: a start that a schedule means for the same time always gets the run that was recorded first. */
export interface OnceByFireTime<Input> {
  readonly rule: "once"
  readonly by: "fire_time"
  /** The part of the input that tells schedules apart. */
  readonly key?: (input: Input) => Json
  /** A second identity, which holds only while the run is active. */
  readonly whileActive?: (input: Input) => Json
}

/** What makes two starts the same, beyond operation, workspace and tenant. */
export type Identity<Input, Rule extends IdentityRule = IdentityRule> = (
  | WhileActive<Input>
  | OnceByKey<Input>
  | OnceByFireTime<Input>
) & { readonly rule: Rule }

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const text = (value: string) => JSON.stringify(value.normalize("NFC"))

/**
 * JSON as canonical text: equal values, and only those, have the same text. Members are ordered, strings and names are in
 * Unicode NFC, `-0` is `0`, and a member that is `undefined` is absent, unlike a `null` one. Two names that are the same in NFC
 * are both kept, in the order of their values. A number that is not finite is a defect.
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
    throw new TypeError(`${value} is not JSON, so it cannot be part of an identity key`)
  return JSON.stringify(value ?? null)
}

/**
 * The readable canonical key of a start. Its digest decides whether two starts are the same.
 *
 * @param key the part of the input that tells starts apart
 * @param once what tells starts of a `once` identity apart: actor and idempotency key, or the fire time
 */
export const canonicalKey = (
  scope: OperationScope,
  type: string,
  rule: IdentityRule,
  key: Json,
  once?: Json
): string => {
  // Ids are compared as they are: two ids of a host may differ in their Unicode form only.
  const exact = (value: Json) => JSON.stringify(value)
  const place = [rule, type, scope.workspaceId, scope.tenantId].map(exact)
  return `[${[...place, canonical(key), ...(once === undefined ? [] : [exact(once)])].join(",")}]`
}

/** The identity of one start, as canonical texts. The database keeps their SHA-256 digests. */
export interface RunIdentity {
  readonly rule: IdentityRule
  readonly key: string
  /** The key that is taken while the run is active: `key` itself, or the second one of a `once` identity. */
  readonly activeKey: string | null
  /** The whole request, which the key of a `once` identity belongs to; null for other identities. */
  readonly request: string | null
  /** Whether a blocked start takes the identity too, so that it uses up a schedule's fire time. */
  readonly takenWhenBlocked: boolean
}
