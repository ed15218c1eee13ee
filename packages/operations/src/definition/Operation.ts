import { Duration, Effect, Predicate, Result, Schema } from "effect"
import type { Capability } from "../run/Capability.ts"
import { argumentsOf } from "../boundary/Decoding.ts"
import { definitionFields, identityFields, OperationName, RetentionShape } from "./DefinitionFields.ts"
import type { GraphContract } from "../graph/GraphContract.ts"
import type { OperationScope, TenantScope } from "../run/OperationScope.ts"
import { providerConnection } from "./providerConnection.ts"
import type { RunRecordLinks } from "../run/Run.ts"
import type { Handle } from "./RunHandler.ts"
import { type HandlerLayer, toLayer } from "./RunHandlers.ts"
import type { Identity } from "./RunIdentity.ts"

export type { HandlerLayer } from "./RunHandlers.ts"

/** How often a run is attempted, and how long it rests in between. */
export interface RetryPolicy {
  /** Attempts in all, the first included. A worker's death counts as a failed attempt. */
  readonly maxAttempts: number
  /** The pause after the first failure; it doubles with each further one. */
  readonly backoff: Duration.Input
  /** The longest pause between two attempts. */
  readonly maxBackoff: Duration.Input
}

/**
 * How long completed runs are kept. A run is removed once it is beyond either limit; without any, runs are kept for ever. What
 * is recorded elsewhere of them stays: the audit, the fire times of schedules, and how many ended in each hour.
 */
export interface Retention {
  /** For how many days after their end; more than 0. */
  readonly days?: number
  /** How many in each scope, the newest. */
  readonly count?: number
}

/** Where an operation works: in one tenant, or in the workspace as a whole. */
export type ScopeKind = "tenant" | "workspace"

/** The scope that a handler is handed, by the kind of scope of its type. */
export type ScopeOf<Kind extends ScopeKind> = Kind extends "tenant" ? TenantScope : OperationScope

/** Who may do what with an operation and its runs. */
export interface Capabilities<in Input = never> {
  /** Who may start, cancel and retry it. */
  readonly start: Capability
  /** Who may view it and its runs: a run keeps what it was started with. */
  readonly view: Capability
  /**
   * What viewing a run needs instead of `view` where that depends on what the run reads: all of them, or `view` if there is none.
   * Whoever starts such a run needs them too.
   */
  readonly viewOf?: (input: Input) => ReadonlyArray<Capability>
}

/** Everything that is specific to one kind of work. */
export interface Operation<Input = unknown, Encoded = unknown, Kind extends ScopeKind = ScopeKind> {
  /** Stable dotted name, such as `directory_groups.sync`. */
  readonly name: string
  readonly label: string
  readonly description: string
  /** Heading under which pages list the type. */
  readonly category: string
  readonly scope: Kind
  readonly input: Schema.Codec<Input, Encoded>
  readonly capabilities: Capabilities<Input>
  /** `system`: nobody starts it by hand, whatever their capabilities; schedulers do. */
  readonly startedBy: "members" | "system"
  readonly identity: Identity<Input>
  /** Whether a start may leave something to the host: an `InputResolver` of its own fills it in before anything looks at it. */
  readonly resolves: boolean
  /** The host's records that a run belongs to, as far as its input names them: they are on the run as its context. */
  readonly records: (input: Input) => RunRecordLinks
  /** Names of the `StartGate`s that must be open; each has to be registered. */
  readonly gates: ReadonlyArray<string>
  /** All that its handler may ask of Graph; the permissions that a tenant has to grant follow from it. */
  readonly contracts: ReadonlyArray<GraphContract>
  readonly retry: RetryPolicy
  /** Whether it must be alone in its scope: of all exclusive operations one run at a time; a second start is refused as busy. */
  readonly exclusive: boolean
  /** Runs of this type that execute at once in one scope. */
  readonly concurrency: number | "unlimited"
  /** Interactive runs are taken before background ones. */
  readonly priority: "interactive" | "background"
  /** How long a run may take from its first start, attempts and pauses included. At most 20 days. */
  readonly timeLimit: Duration.Input
  /** How long a run may wait while no live worker could take it: 10 minutes by default if it uses Graph. At most 20 days. */
  readonly queueLimit: Duration.Input
  /** Whether an actor may start again while one is active, replacing it. */
  readonly supersedable: boolean
  /** How long completed runs are kept; `host`: as the host says for all types (`RunRetention.Default`), by default for ever. */
  readonly retention: Retention | "host"
  /**
   * The operation's handler, for `Worker.layer`. Two handlers for one operation, or one for an operation that the host did not give
   * to `Operations.layer`, stop the start.
   *
   * @param handle the work of one attempt; what it needs, the layer needs
   */
  toLayer<R>(handle: Handle<Input, Kind, R>): HandlerLayer<R>
}

/** Any operation, whatever its input. */
export type Any = Operation<any, any>

/** The name of an operation, given as the operation itself or as its name. */
export const nameOf = (operation: { readonly name: string } | string): string =>
  typeof operation === "string" ? operation : operation.name

/** What a start of an operation takes as its input: the encoded side of its schema; anything where only a name is known. */
export type Given<Chosen> = Chosen extends Operation<infer _, infer Encoded, infer _Kind> ? Encoded : unknown

/** The input of an operation, decoded. */
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
 * Somebody waits for a run that asks a provider, and what it would find changes: it is better to hear soon that nobody takes
 * it than to have it done a day later.
 */
const defaultQueueLimit = ({ contracts = [], gates = [] }: Partial<Pick<Operation, "contracts" | "gates">>) =>
  contracts.length > 0 || gates.includes(providerConnection) ? "10 minutes" : "1 day"

const defaultRetry: RetryPolicy = { maxAttempts: 3, backoff: "5 seconds", maxBackoff: "10 minutes" }

/** What a definition must say; the rest has defaults. */
export interface Definition<Input, Encoded, Kind extends ScopeKind>
  extends
    Pick<
      Operation<Input, Encoded, Kind>,
      "name" | "label" | "description" | "category" | "input" | "capabilities" | "identity"
    >,
    Partial<Pick<Operation<Input, Encoded, Kind>, "records" | "queueLimit" | Exclude<keyof typeof defaults, "scope">>> {
  /** A tenant by default. */
  readonly scope?: Kind
  /** 3 attempts, after 5 s and 10 s, by default. */
  readonly retry?: Partial<RetryPolicy>
}

/**
 * Defines an operation.
 *
 * ```ts
 * const ArchiveMailboxes = Operation.make({
 *   name: "mailboxes.archive",
 *   label: "Archive mailboxes",
 *   description: "Archives mailboxes and keeps their content.",
 *   category: "Mail",
 *   input: Schema.Struct({ mailboxes: Schema.Array(Schema.String) }),
 *   capabilities: { start: "tenant.mailboxes.archive", view: "tenant.mailboxes.view" },
 *   identity: { rule: "while_active" }
 * })
 * const worker = Worker.layer(ArchiveMailboxes.toLayer(({ input }) => archive(input.mailboxes)))
 * ```
 *
 * @param definition a stable dotted lower-case name, label, description, category, input schema (a JSON codec of non-secret values),
 * capabilities and identity; by default it works in a tenant, without gates, of unlimited concurrency, within six hours
 * @returns the operation; a definition that contradicts itself is a defect at start-up
 */
export const make = <Input, Encoded, const Kind extends ScopeKind = "tenant">(
  definition: Definition<Input, Encoded, Kind>
): Operation<Input, Encoded, Kind> => {
  refuse(definition, shapeProblems({ definition }))
  const { retry = {}, ...given } = defined(definition)
  const operation = {
    ...defaults,
    records: () => ({}),
    queueLimit: defaultQueueLimit(given),
    ...given,
    retry: { ...defaultRetry, ...defined(retry) },
    toLayer: (handle) => toLayer({ operation, handle })
  } as Operation<Input, Encoded, Kind>
  refuse(operation, contradictions(operation))
  return operation
}

/** Without the members that are `undefined`: in JavaScript they are the same as absent ones. */
const defined = <A extends object>(members: A): A =>
  Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as A

const refuse = (definition: unknown, problems: ReadonlyArray<string>) => {
  if (problems.length === 0) return
  const name = Predicate.hasProperty(definition, "name") ? definition.name : undefined
  const which = typeof name === "string" ? ` "${name.slice(0, 200)}"` : ""
  throw new TypeError(`The operation${which} is not acceptable: ${problems.join("; ")}.`)
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
    [isLimit(type.timeLimit), "timeLimit is not between 1 ms and 20 days"],
    [isLimit(type.queueLimit), "queueLimit is not between 1 ms and 20 days"],
    [
      !type.supersedable || type.identity.rule === "while_active",
      "only a type whose identity is while_active can be supersedable"
    ],
    [
      type.identity.rule !== "once" || type.identity.by !== "idempotency_key" || !("key" in type.identity),
      "an identity by idempotency key takes no key: the caller's key belongs to one request"
    ],
    [
      type.identity.rule !== "once" || type.identity.by !== undefined,
      'an identity that is taken once says by what: "idempotency_key" or "fire_time"'
    ],
    [
      type.identity.rule !== "once" || type.identity.by !== "fire_time" || type.startedBy === "system",
      "an identity by fire time is for types that only the system starts"
    ]
  ].flatMap(([holds, problem]) => (holds === true ? [] : [String(problem)]))

/** The input of an operation that takes none: an empty object, and nothing in it. */
export const NoInput = Schema.Record(Schema.String, Schema.Never)

/**
 * What viewing a run of an operation needs.
 *
 * @param type the operation
 * @param input of the run, decoded
 * @returns the capabilities, each once and in order
 */
export const viewCapabilities = (type: Any, input: unknown): ReadonlyArray<Capability> => {
  const { view, viewOf } = type.capabilities
  if (viewOf === undefined) return [view]
  const needed = [...new Set(viewOf(input))].sort()
  return needed.length === 0 ? [view] : needed
}
