import { type Duration, Schema } from "effect"
import type { Capability } from "./Capability.ts"
import type { Identity } from "./RunIdentity.ts"

/** How often a run is attempted, and how long it rests in between. */
export interface RetryPolicy {
  /** Attempts in all, the first included. A worker's death counts as a failed attempt. */
  readonly maxAttempts: number
  /** The pause after the first failure; it doubles with each further one, up to ten minutes. */
  readonly backoff: Duration.Input
}

/** Everything that is specific to one kind of operation. */
export interface OperationType<Input = unknown, Encoded = unknown> {
  /** Stable dotted name, such as `directory_groups.sync`. */
  readonly name: string
  readonly label: string
  readonly description: string
  /** Heading under which pages list the type. */
  readonly category: string
  readonly input: Schema.Codec<Input, Encoded>
  readonly capabilities: { readonly start: Capability; readonly view: Capability }
  readonly identity: Identity<Input>
  readonly retry: RetryPolicy
}

/** The input of an operation type, decoded. */
export type Input<Type> = Type extends OperationType<infer A, infer _> ? A : never

const NamePattern = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/

const defaultRetry: RetryPolicy = { maxAttempts: 3, backoff: "5 seconds" }

/**
 * Defines an operation type that works in one tenant.
 *
 * @param name stable dotted lower-case name; anything else is a defect at start-up
 * @param options label, description, category, input schema (a JSON codec of non-secret values), capabilities,
 * identity rule and retry policy (3 attempts, 5 s backoff by default)
 */
export const make = <Input, Encoded>(
  name: string,
  options: Omit<OperationType<Input, Encoded>, "name" | "retry"> & { readonly retry?: RetryPolicy }
): OperationType<Input, Encoded> => {
  if (!NamePattern.test(name)) {
    throw new TypeError(`"${name}" is no operation type name: use dotted lower-case words, as in "reports.export"`)
  }
  return { retry: defaultRetry, ...options, name }
}

/** The input of a type that takes none: an empty object, and nothing in it. */
export const NoInput = Schema.Record(Schema.String, Schema.Never)
