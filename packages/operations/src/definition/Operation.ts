/**
 * Definitions of operations: everything that is specific to one kind of work, in one value. Hosts and packages make their
 * operations here. The ledger, the workers, the API and the pages do the rest by what the definition says.
 *
 * @module
 */
import { Duration, Effect, Predicate, Result, Schema } from "effect"
import type { Capability } from "../run/Capability.ts"
import { argumentsOf, defined } from "../boundary/Decoding.ts"
import { definitionFields, identityFields, OperationName, RetentionShape } from "./DefinitionFields.ts"
import type { GraphContract } from "../graph/GraphContract.ts"
import type { OperationScope, TenantScope } from "../run/OperationScope.ts"
import { providerConnection } from "./providerConnection.ts"
import type { IdentityRule, RunRecordLinks } from "../run/Run.ts"
import type { Handle } from "./RunHandler.ts"
import { type HandlerLayer, toLayer } from "./RunHandlers.ts"
import type { Identity } from "./RunIdentity.ts"

export type { HandlerLayer } from "./RunHandlers.ts"

/** How many attempts a run has, and how long it pauses between them. */
export interface RetryPolicy {
  /** The most attempts, the first included. A worker's death counts as a failed attempt. */
  readonly maxAttempts: number
  /** The pause after the first failure; it doubles with each further one. */
  readonly backoff: Duration.Input
  /** The longest pause between two attempts. */
  readonly maxBackoff: Duration.Input
}

/**
 * How long completed runs are kept. A run is removed once it exceeds either limit; without limits, runs are kept for ever. What
 * is recorded elsewhere stays: the audit, the fire times of schedules, and how many runs ended in each hour.
 */
export interface Retention {
  /** How many days after their end; more than 0. */
  readonly days?: number
  /** How many in each scope: the newest. */
  readonly count?: number
}

/** Where an operation works: in one tenant, or in a workspace as a whole. */
export type ScopeKind = "tenant" | "workspace"

/** The scope that a handler gets, by the kind of scope of its operation. */
export type ScopeOf<Kind extends ScopeKind> = Kind extends "tenant" ? TenantScope : OperationScope

/** Who may do what with an operation and its runs. */
export interface Capabilities<in Input = never> {
  /** Who may start, cancel and retry it. */
  readonly start: Capability
  /** Who may view it and its runs. A run keeps the capability that it was started with. */
  readonly view: Capability
  /**
   * The capabilities that viewing a run takes instead of `view`, where they depend on what the run reads: all of them, or
   * `view` if there is none. Starting such a run takes them too.
   */
  readonly viewOf?: (input: Input) => ReadonlyArray<Capability>
}

/** An operation, as `make` returns it. */
export interface Operation<
  Input = unknown,
  Encoded = unknown,
  Kind extends ScopeKind = ScopeKind,
  Rule extends IdentityRule = IdentityRule
> {
  /** A stable dotted name, such as `directory_groups.sync`. */
  readonly name: string
  readonly label: string
  readonly description: string
  /** The heading under which pages list it. */
  readonly category: string
  readonly scope: Kind
  readonly input: Schema.Codec<Input, Encoded>
  readonly capabilities: Capabilities<Input>
  /** `system`: only Atlas and the host start it, such as from a schedule. No capability allows it to people. */
  readonly startedBy: "members" | "system"
  readonly identity: Identity<Input, Rule>
  /**
   * Whether a start may leave something to the host: its `InputResolver` fills that in before anything else reads the input.
   */
  readonly resolves: boolean
  /** The host's records that a run belongs to, as far as the input names them. They become the run's context. */
  readonly records: (input: Input) => RunRecordLinks
  /** Names of the start gates that must be open. Each must be registered with `StartGate.layer`. */
  readonly gates: ReadonlyArray<string>
  /** The only contracts that its handler may use. The permissions that a tenant must grant follow from them. */
  readonly contracts: ReadonlyArray<GraphContract>
  readonly retry: RetryPolicy
  /**
   * Whether it must be alone in its scope. Of all exclusive operations, one run is active there at a time; a second start is
   * refused as busy.
   */
  readonly exclusive: boolean
  /** How many of its runs execute at once in one scope. */
  readonly concurrency: number | "unlimited"
  /** Workers take interactive runs before background ones. */
  readonly priority: "interactive" | "background"
  /** How long a run may take from its first attempt, all attempts and pauses included. At most 20 days. */
  readonly timeLimit: Duration.Input
  /**
   * How long a run may wait while no live worker could take it; by default a day, or 10 minutes if it uses Graph. At most 20
   * days.
   */
  readonly queueLimit: Duration.Input
  /** Whether a start may replace an active run. */
  readonly supersedable: boolean
  /** How long completed runs are kept. `host`: as the host's `DefaultRetention` says, which is for ever by default. */
  readonly retention: Retention | "host"
  /**
   * Makes the operation's handler, for `Worker.layer`. The worker fails at startup if an operation has two handlers, or if the
   * host did not give the operation to `Operations.layer`.
   *
   * @param handle the work of one attempt; the layer requires what it requires
   *
   * @example
   * ```ts
   * const exportReport = ExportReport.toLayer(({ input, scope }) =>
   *   Effect.as(Effect.log(`Exporting ${input.month} of ${scope.tenantId}`), RunHandler.succeeded)
   * )
   * ```
   */
  toLayer<R>(handle: Handle<Input, Kind, R>): HandlerLayer<R>
}

/** Any operation, whatever its input. */
export type Any = Operation<any, any>

/** The name of an operation, which is given as itself or as its name. */
export const nameOf = (operation: { readonly name: string } | string): string =>
  typeof operation === "string" ? operation : operation.name

/** The input that a start takes: the encoded side of the schema, or anything if only the name is known. */
export type Given<Chosen> = Chosen extends Operation<infer _, infer Encoded, infer _Kind> ? Encoded : unknown

/** The decoded input of an operation. */
export type Input<Definition> = Definition extends Operation<infer A, infer _, infer _Kind> ? A : never

const defaults = {
  scope: "tenant",
  startedBy: "members",
  gates: [],
  contracts: [],
  resolves: false,
  exclusive: false,
  concurrency: "unlimited",
  priority: "interactive",
  timeLimit: "6 hours",
  supersedable: false,
  retention: "host"
} as const

/**
 * Runs that use a provider read changing data while somebody waits. To fail soon because no worker takes the run is better than
 * to execute it a day later.
 */
const defaultQueueLimit = ({ contracts = [], gates = [] }: Partial<Pick<Operation, "contracts" | "gates">>) =>
  contracts.length > 0 || gates.includes(providerConnection) ? "10 minutes" : "1 day"

const defaultRetry: RetryPolicy = { maxAttempts: 3, backoff: "5 seconds", maxBackoff: "10 minutes" }

/** A definition. What it must say is required; the rest has defaults. */
export interface Definition<Input, Encoded, Kind extends ScopeKind, Rule extends IdentityRule = IdentityRule>
  extends
    Pick<
      Operation<Input, Encoded, Kind, Rule>,
      "name" | "label" | "description" | "category" | "input" | "capabilities" | "identity"
    >,
    Partial<Pick<Operation<Input, Encoded, Kind>, "records" | "queueLimit" | Exclude<keyof typeof defaults, "scope">>> {
  /** `tenant` by default. */
  readonly scope?: Kind
  /** 3 attempts by default, with pauses of 5 and 10 seconds. */
  readonly retry?: Partial<RetryPolicy>
}

/**
 * Defines an operation. By default it works in a tenant, without gates, with unlimited concurrency, for up to six hours. The
 * input must be a JSON codec, and none of its values may be secret.
 *
 * @throws TypeError if the definition is invalid or contradicts itself
 *
 * @example
 * ```ts
 * const ExportReport = Operation.make({
 *   name: "reports.export",
 *   label: "Export report",
 *   description: "Exports one month of a tenant's report.",
 *   category: "Reports",
 *   input: Schema.Struct({ month: Schema.String.check(Schema.isPattern(/^\d{4}-\d{2}$/)) }),
 *   capabilities: { start: "tenant.reports.export", view: "tenant.reports.view" },
 *   identity: { rule: "while_active", key: ({ month }) => month }
 * })
 * ```
 */
export const make = <
  Input,
  Encoded,
  const Kind extends ScopeKind = "tenant",
  const Rule extends IdentityRule = IdentityRule
>(
  definition: Definition<Input, Encoded, Kind, Rule>
): Operation<Input, Encoded, Kind, Rule> => {
  refuse(definition, shapeProblems({ definition }))
  const { retry = {}, ...given } = defined(definition)
  const operation = {
    ...defaults,
    records: () => ({}),
    queueLimit: defaultQueueLimit(given),
    ...given,
    identity: defined(given.identity),
    retry: { ...defaultRetry, ...defined(retry) },
    toLayer: (handle) => toLayer({ operation, handle })
  } as Operation<Input, Encoded, Kind, Rule>
  refuse(operation, contradictions(operation))
  return operation
}

const refuse = (definition: unknown, problems: ReadonlyArray<string>) => {
  if (problems.length === 0) return
  const name = Predicate.hasProperty(definition, "name") ? definition.name : undefined
  const which = typeof name === "string" ? ` "${name.slice(0, 200)}"` : ""
  throw new TypeError(`The definition of the operation${which} is invalid: ${problems.join("; ")}.`)
}

const decodeShape = argumentsOf(
  Schema.Struct({
    definition: Schema.Struct({
      ...definitionFields,
      name: OperationName,
      description: Schema.String,
      category: Schema.String,
      input: Schema.declare(Schema.isSchema, { expected: "a schema" }),
      identity: Schema.Struct({
        ...identityFields,
        by: Schema.optional(Schema.Literals(["idempotency_key", "fire_time"]))
      }),
      gates: Schema.optional(Schema.Array(Schema.String)),
      contracts: Schema.optional(Schema.Array(Schema.Unknown)),
      resolves: Schema.optional(Schema.Boolean),
      retention: Schema.optional(Schema.Union([Schema.Literal("host"), RetentionShape]))
    })
  })
)
const shapeProblems = (given: { readonly definition: unknown }) =>
  Result.match(Effect.runSync(Effect.result(decodeShape(given))), {
    onSuccess: () => [],
    onFailure: ({ errors }) => errors.map(({ detail, pointer }) => `${pointer}: ${detail}`)
  })

const longest = Duration.toMillis("20 days")
const isLimit = (limit: Duration.Input) => {
  const millis = Duration.toMillis(limit)
  return millis >= 1 && millis <= longest
}
const contradictions = (type: Any): ReadonlyArray<string> =>
  [
    [isLimit(type.timeLimit), "timeLimit must be between 1 ms and 20 days"],
    [isLimit(type.queueLimit), "queueLimit must be between 1 ms and 20 days"],
    [
      Duration.toMillis(type.retry.backoff) <= Duration.toMillis(type.retry.maxBackoff),
      "retry.backoff must not be longer than retry.maxBackoff, which is 10 minutes by default"
    ],
    [
      !type.supersedable || type.identity.rule === "while_active",
      'supersedable must be false unless the rule of the identity is "while_active"'
    ],
    [
      type.identity.rule !== "once" || type.identity.by !== "idempotency_key" || !("key" in type.identity),
      'identity.key must be absent if the identity is by "idempotency_key"'
    ],
    [
      type.identity.rule !== "once" || type.identity.by !== undefined,
      'identity.by must be "idempotency_key" or "fire_time" if the rule is "once"'
    ],
    [
      type.identity.rule !== "once" || type.identity.by !== "fire_time" || type.startedBy === "system",
      'startedBy must be "system" if the identity is by "fire_time"'
    ]
  ].flatMap(([holds, problem]) => (holds === true ? [] : [String(problem)]))

/** The input schema of an operation that takes none: an empty object. */
export const NoInput = Schema.Record(Schema.String, Schema.Never)

/**
 * The capabilities that viewing a run takes, each once and in order.
 *
 * @param input the decoded input of the run
 */
export const viewCapabilities = (type: Any, input: unknown): ReadonlyArray<Capability> => {
  const { view, viewOf } = type.capabilities
  if (viewOf === undefined) return [view]
  const needed = [...new Set(viewOf(input))].sort()
  return needed.length === 0 ? [view] : needed
}
