/**
 * The HTTP API of the ledger, as a declaration: its calls, errors and OpenAPI document. `OperationsHttp` serves it,
 * and hosts implement `Authentication`.
 *
 * @module
 */
import { Context, Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema, OpenApi } from "effect/http-api"
import { Actor } from "../run/Actor.ts"
import * as HttpProblems from "./HttpProblems.ts"
import {
  Forbidden,
  IdempotencyKeyRequired,
  IdempotencyKeyReused,
  InvalidCursor,
  InvalidInput,
  NotFound,
  NotSupported,
  OperationBusy,
  RunConflict,
  Unauthenticated
} from "../boundary/Problems.ts"
import { RunId, RunOutcome, RunStatus } from "../run/Run.ts"
import { PageSize, Sequence } from "../ledger/reads/RunPages.ts"
import { Waiting } from "../ledger/reads/WhyWaiting.ts"
import {
  WireInstant,
  OperationResource,
  RemovedStartResource,
  RunEventResource,
  RunResource,
  SeenResource,
  StartedResource
} from "./resources.ts"

export {
  OperationResource,
  RemovedStartResource,
  RunEventResource,
  RunReceiptResource,
  RunResource,
  StartedResource
} from "./resources.ts"

// APIs that are made of these lists name the problems in their declarations.
export {
  Forbidden,
  IdempotencyKeyRequired,
  IdempotencyKeyReused,
  InvalidCursor,
  InvalidInput,
  NotFound,
  NotSupported,
  OperationBusy,
  RunConflict
} from "../boundary/Problems.ts"

/** The actor on whose behalf a request is made. */
export class CurrentActor extends Context.Service<CurrentActor, Actor>()(
  "@atlas/operations/OperationsApi/CurrentActor"
) {}

/**
 * Tells who makes a request, in the host's own way. A request of nobody is a 401.
 *
 * @example
 * ```ts
 * OperationsApi.Authentication.of(
 *   Effect.fnUntraced(function* (answer) {
 *     const { headers } = yield* HttpServerRequest.HttpServerRequest
 *     const id = headers["x-user"]
 *     if (id === undefined) return yield* new Problems.Unauthenticated({})
 *     return yield* Effect.provideService(answer, OperationsApi.CurrentActor, { id, kind: "user", name: id })
 *   })
 * )
 * ```
 */
export class Authentication extends HttpApiMiddleware.Service<Authentication, { provides: CurrentActor }>()(
  "@atlas/operations/OperationsApi/Authentication",
  { error: Unauthenticated }
) {}

/** The `limit` of every listing: 1 to 200, 50 by default. */
export const PageLimit = Schema.optionalKey(PageSize)

/** A query parameter that may repeat. With one value it arrives as that value, not as a list. */
export const repeatable = <S extends Schema.Top>(item: S) =>
  Schema.optionalKey(Schema.Union([Schema.Array(item), item]))

const idempotencyKey = { "idempotency-key": Schema.optionalKey(Schema.String) }

const started = HttpApiSchema.WithHeaders(StartedResource.pipe(HttpApiSchema.status(202)), {
  "retry-after": Schema.String,
  location: Schema.String,
  "operation-location": Schema.String
})

/** A start whose equal had a run that was removed: there is nothing to follow or to wait for. */
export const removedStart = RemovedStartResource.pipe(HttpApiSchema.status(200))

const startAnswers = [started, removedStart] as const

/** What every call that belongs to a workspace may refuse with. */
export const refusals = [NotFound, Forbidden, InvalidInput] as const

/** What every call that starts runs may refuse with. */
export const startProblems = [
  NotFound,
  Forbidden,
  IdempotencyKeyRequired,
  InvalidInput,
  IdempotencyKeyReused,
  NotSupported,
  OperationBusy
] as const

const runParams = { run: Schema.String }
const runIds = Schema.Array(RunId)

const cacheHeaders = { etag: Schema.String, "cache-control": Schema.String, vary: Schema.String }

/** Starting and watching operation runs. */
export class Group extends HttpApiGroup.make("operations")
  .add(
    // The payload is `{ input, supersedes? }`. It is unknown here, so that no validation message tells an outsider what exists:
    // `Runs.start` authorises before it looks at the input.
    HttpApiEndpoint.post("start", "/tenants/:tenant/operations/:type", {
      params: { tenant: Schema.String, type: Schema.String },
      headers: idempotencyKey,
      payload: Schema.Unknown,
      success: startAnswers,
      error: startProblems
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Start an operation in a tenant",
        description:
          "The body is `{ input, supersedes }`: the operation's input and, to replace a stuck run, that run's id. An equal start gets the run that is active. Once retention has removed the run of an `Idempotency-Key`, the answer is a 200 with how that run ended."
      })
    ),
    HttpApiEndpoint.post("startInWorkspace", "/workspaces/:workspace/operations/:type", {
      params: { workspace: Schema.String, type: Schema.String },
      headers: idempotencyKey,
      payload: Schema.Unknown,
      success: startAnswers,
      error: startProblems
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Start an operation in a workspace",
        description: "As in a tenant, for operations that work in a workspace as a whole."
      })
    ),
    HttpApiEndpoint.post("cancel", "/operations/:run/cancel", {
      params: runParams,
      success: SeenResource.pipe(HttpApiSchema.status(202)),
      error: [...refusals, NotSupported, RunConflict]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Cancel a run",
        description: "A queued run ends at once; a running one is asked to stop."
      })
    ),
    HttpApiEndpoint.post("retry", "/operations/:run/retry", {
      params: runParams,
      headers: idempotencyKey,
      success: startAnswers,
      error: [...startProblems, RunConflict]
    }).annotateMerge(
      OpenApi.annotations({ summary: "Start a completed run again", description: "Starts a new run with `retryOf`." })
    ),
    HttpApiEndpoint.get("waiting", "/operations/:run/waiting", {
      params: runParams,
      success: Schema.Struct({ waiting: Schema.NullOr(Waiting) }),
      error: refusals
    }).annotateMerge(OpenApi.annotations({ summary: "Why a run waits", description: "What a queued run waits for." })),
    HttpApiEndpoint.get("lineage", "/operations/:run/lineage", {
      params: runParams,
      success: Schema.Struct({ retryOf: runIds, retriedBy: runIds, supersedes: runIds, supersededBy: runIds }),
      error: refusals
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Relatives of a run",
        description: "The runs that it retries, that retry it, that it replaced and that replaced it."
      })
    ),
    HttpApiEndpoint.get("list", "/operations", {
      query: {
        type: Schema.optionalKey(Schema.String),
        tenant: Schema.optionalKey(Schema.String),
        status: Schema.optionalKey(Schema.Literals([...RunStatus.literals, "active"])),
        outcome: Schema.optionalKey(RunOutcome),
        actor: Schema.optionalKey(Schema.String),
        reasonCode: Schema.optionalKey(Schema.String),
        from: Schema.optionalKey(WireInstant),
        to: Schema.optionalKey(WireInstant),
        cursor: Schema.optionalKey(Schema.String),
        limit: PageLimit
      },
      success: Schema.Struct({ runs: Schema.Array(RunResource), nextCursor: Schema.NullOr(Schema.String) }),
      error: [InvalidCursor, InvalidInput]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "List runs",
        description: "The runs that the actor may see, newest first. `from` and `to` limit when a run was requested."
      })
    ),
    HttpApiEndpoint.get("types", "/operations/types", {
      success: Schema.Struct({ types: Schema.Array(OperationResource) }),
      error: InvalidInput
    }).annotateMerge(
      OpenApi.annotations({
        summary: "List operations",
        description: "The operations whose runs the actor may see, with the input as JSON Schema."
      })
    ),
    HttpApiEndpoint.get("get", "/operations/:run", {
      params: runParams,
      headers: { "if-none-match": Schema.optionalKey(Schema.String) },
      success: [
        HttpApiSchema.WithHeaders(RunResource, { ...cacheHeaders, "retry-after": Schema.optionalKey(Schema.String) }),
        HttpApiSchema.WithHeaders(HttpApiSchema.Empty(304), cacheHeaders)
      ],
      error: refusals
    }).annotateMerge(
      OpenApi.annotations({ summary: "Read a run", description: "Has an `ETag`; a matching `If-None-Match` gets 304." })
    ),
    HttpApiEndpoint.get("events", "/operations/:run/events", {
      params: runParams,
      query: {
        after: Schema.optionalKey(Sequence),
        limit: PageLimit
      },
      success: Schema.Struct({ events: Schema.Array(RunEventResource) }),
      error: refusals
    }).annotateMerge(
      OpenApi.annotations({ summary: "Timeline of a run", description: "With `Accept: text/event-stream`, live." })
    )
  )
  .middleware(HttpProblems.Middleware)
  .middleware(Authentication)
  .annotateMerge(OpenApi.annotations({ title: "Operations", description: "Start operations and watch their runs." })) {}

/** The API, below `/api/v1`. Every error is `application/problem+json` (RFC 9457). */
export class Api extends HttpApi.make("atlas-operations")
  .add(Group)
  .annotateMerge(HttpProblems.annotations)
  .prefix("/api/v1") {}
