/**
 * What the members of an operation's definition must be, whatever their types say: the same for hosts in Effect and for others.
 *
 * @module
 */
import { Duration, Option, Predicate, Schema } from "effect"

/** A function. Its parameters and its result are up to its author. */
export const Callable = Schema.declare(Predicate.isFunction, { expected: "a function" })

const optional = Schema.optional

/** An integer from a minimum to a maximum, both included. */
export const whole = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const isLength = (value: unknown): value is Duration.Input =>
  (Predicate.isNumber(value) || Predicate.isString(value) || Predicate.isObjectOrArray(value)) &&
  Option.exists(
    Duration.fromInput(value as Duration.Input),
    (duration) => Duration.isFinite(duration) && Duration.isPositive(duration)
  )
const Length = Schema.declare(isLength, {
  expected: 'a positive duration: milliseconds, or a text such as "30 seconds"'
})

const Capability = Schema.String.check(
  Schema.isMaxLength(200),
  Schema.isPattern(/^(tenant|workspace)\.[^.\s]+\.[^\s]+$/, { expected: 'a capability such as "tenant.reports.view"' })
)

/** How long completed runs are kept. */
export const RetentionShape = Schema.Struct({
  days: optional(Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(36_500))),
  count: optional(whole(1, 1_000_000))
})

/** The name of an operation. */
export const OperationName = Schema.String.check(
  Schema.isMaxLength(200),
  Schema.isPattern(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, {
    expected: 'dotted lower-case words, such as "reports.export"'
  })
)

/** An operation, or its name. Only the name is looked at. */
export const OperationOrName = Schema.declare(
  (value): value is string | { readonly name: string } =>
    Predicate.isString(value) || (Predicate.hasProperty(value, "name") && Predicate.isString(value.name)),
  { expected: "an operation, or the name of one" }
)

/** The members that definitions in Effect and outside of it have in common. */
export const definitionFields = {
  label: Schema.String,
  scope: optional(Schema.Literals(["tenant", "workspace"])),
  capabilities: Schema.Struct({ start: Capability, view: Capability, viewOf: optional(Callable) }),
  startedBy: optional(Schema.Literals(["members", "system"])),
  records: optional(Callable),
  exclusive: optional(Schema.Boolean),
  concurrency: optional(Schema.Union([Schema.Literal("unlimited"), whole(1, 1_000)])),
  priority: optional(Schema.Literals(["interactive", "background"])),
  timeLimit: optional(Length),
  queueLimit: optional(Length),
  supersedable: optional(Schema.Boolean),
  retry: optional(
    Schema.Struct({
      maxAttempts: optional(whole(1, 100)),
      backoff: optional(Length),
      maxBackoff: optional(Length)
    })
  )
}

/** The members of an identity. Its rule says which of them go together. */
export const identityFields = {
  rule: Schema.Literals(["while_active", "once"]),
  key: optional(Callable),
  whileActive: optional(Callable)
}
