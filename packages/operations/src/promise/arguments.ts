/**
 * What the arguments of every public function of this entry must be, whatever their types say: JavaScript has none.
 *
 * @module
 */
import { Effect, Exit, Predicate, Schema } from "effect"
import { ActorId } from "../run/Actor.ts"
import { argumentsOf } from "../boundary/Decoding.ts"
import {
  Callable,
  definitionFields,
  identityFields,
  OperationName,
  OperationOrName,
  RetentionShape,
  whole
} from "../definition/DefinitionFields.ts"
import { RunFilter } from "../ledger/reads/RunFilter.ts"
import { PageSize, Sequence } from "../ledger/reads/RunPages.ts"
import * as Storable from "../text/Storable.ts"
import { toAtlasError } from "./toAtlasError.ts"

const StandardSchema = Schema.declare(
  (value): value is object =>
    Predicate.hasProperty(value, "~standard") &&
    Predicate.hasProperty(value["~standard"], "validate") &&
    Predicate.isFunction(value["~standard"].validate),
  { expected: "a schema of a library that supports Standard Schema" }
)

const optional = Schema.optional

const Definition = Schema.Struct({
  ...definitionFields,
  name: OperationName,
  description: optional(Schema.String),
  category: optional(Schema.String),
  input: StandardSchema,
  identity: Schema.Struct({ ...identityFields, by: optional(Schema.Literals(["idempotency_key"])) }).check(
    Schema.makeFilter(
      ({ by, key, rule, whileActive }) =>
        rule === "once" ? by !== undefined && key === undefined : by === undefined && whileActive === undefined,
      {
        expected:
          'by: "idempotency_key" and no key for the rule "once", and neither by nor whileActive for "while_active"'
      }
    )
  ),
  gate: optional(Callable),
  retention: optional(RetentionShape),
  handler: Callable
})

const Options = Schema.Struct({
  databaseUrl: Schema.NonEmptyString,
  operations: Schema.Array(Definition),
  access: Schema.StructWithRest(Schema.Struct({ grants: Callable, workspaceOf: Callable }), [
    Schema.Record(Schema.String, Schema.Unknown)
  ]),
  worker: optional(
    Schema.Union([
      Schema.Literal(false),
      Schema.Struct({ slots: optional(whole(1, 1_000)), leaseMillis: optional(whole(100, 3_600_000)) })
    ])
  ),
  connections: optional(whole(1, 1_000)),
  migrate: optional(Schema.Boolean),
  retention: optional(RetentionShape),
  log: optional(Callable)
})

const Actor = Schema.StructWithRest(Schema.Struct({ id: ActorId, name: optional(Schema.String) }), [
  Schema.Record(Schema.String, Schema.Unknown)
])
const Links = optional(Schema.Record(Storable.Text, Storable.Text))
const Signal = Schema.declare((value): value is AbortSignal => value instanceof AbortSignal, {
  expected: "an AbortSignal"
})
const { type, tenant, status, outcome, actor, reasonCode } = RunFilter.fields

const decoders = {
  defineOperation: argumentsOf(Schema.Struct({ definition: Definition })),
  createAtlas: argumentsOf(Schema.Struct({ options: Options })),
  start: argumentsOf(
    Schema.Struct({
      actor: Actor,
      operation: OperationOrName,
      request: Schema.Struct({
        tenantId: optional(Schema.String),
        workspaceId: optional(Schema.String),
        input: Schema.Unknown,
        idempotencyKey: optional(Schema.String),
        supersedes: optional(Schema.String),
        context: Links,
        traceparent: optional(Schema.String)
      })
    })
  ),
  startAsSystem: argumentsOf(
    Schema.Struct({
      part: ActorId,
      operation: OperationOrName,
      request: Schema.Struct({
        workspaceId: ActorId,
        tenantId: optional(ActorId),
        input: Schema.Unknown,
        context: Links,
        traceparent: optional(Schema.String)
      })
    })
  ),
  ofRun: argumentsOf(Schema.Struct({ actor: Actor, runId: Schema.String })),
  list: argumentsOf(
    Schema.Struct({
      actor: Actor,
      filter: Schema.Struct({
        type,
        tenant,
        status,
        outcome,
        actor,
        reasonCode,
        cursor: optional(Schema.NullOr(Schema.String)),
        limit: optional(PageSize)
      })
    })
  ),
  events: argumentsOf(
    Schema.Struct({
      actor: Actor,
      runId: Schema.String,
      page: Schema.Struct({ after: optional(Sequence), limit: optional(PageSize) })
    })
  ),
  follow: argumentsOf(
    Schema.Struct({
      actor: Actor,
      runId: Schema.String,
      options: Schema.Struct({ after: optional(Sequence), signal: optional(Signal) })
    })
  ),
  retry: argumentsOf(
    Schema.Struct({
      actor: Actor,
      runId: Schema.String,
      options: Schema.Struct({ idempotencyKey: optional(Schema.String) })
    })
  )
}

type Decoders = typeof decoders

/**
 * Decodes the arguments of a public function.
 *
 * @param name the function's name, or `ofRun` for functions that take an actor and a run
 * @throws InvalidInput that names every problem, up to twenty
 */
export const checked = <Name extends keyof Decoders>(
  name: Name,
  given: Parameters<Decoders[Name]>[0]
): Effect.Success<ReturnType<Decoders[Name]>> => {
  const decode = decoders[name] as (arguments_: unknown) => Effect.Effect<any, unknown>
  const exit = Effect.runSyncExit(decode(given))
  if (Exit.isSuccess(exit)) return exit.value
  throw toAtlasError(exit.cause)
}
