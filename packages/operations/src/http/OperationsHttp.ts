/**
 * Serves the HTTP API of the ledger: starts, runs, and timelines as pages or as server-sent events. Hosts mount `layer` with
 * their own `Authentication`; `@atlas/console` mounts it with the pages.
 *
 * @module
 */
import { Context, Duration, Effect, Layer, Option, Schema, Stream } from "effect"
import { Sse } from "effect/encoding"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import * as HttpProblems from "./HttpProblems.ts"
import type * as Operation from "../definition/Operation.ts"
import {
  CurrentActor,
  Api,
  type OperationResource,
  RunEventResource,
  type RunReceiptResource,
  type RunResource
} from "./OperationsApi.ts"
import { argumentsOf } from "../boundary/Decoding.ts"
import * as NextStep from "../run/NextStep.ts"
import { OperationBusy } from "../boundary/Problems.ts"
import { isWholeRun, type Run, RunId, type RunReceipt } from "../run/Run.ts"
import type { RunEvent } from "../run/RunEvent.ts"
import { Runs } from "../starting/Runs.ts"
import type { StartProblem } from "../starting/RunStart.ts"
import type { StartResult } from "../starting/StartResult.ts"

/** Where people and clients reach the host: the base of absolute links. */
export class PublicUrl extends Context.Service<
  PublicUrl,
  {
    /** Such as `https://atlas.example.com`. */
    readonly origin: string
    /** The path below which `/api/v1` is mounted; the root by default. */
    readonly api?: string
    /** The path below which people find the pages of runs; `/admin` by default. */
    readonly pages?: string
  }
>()("@atlas/operations/PublicUrl") {}

/** The absolute links of a run. */
export const linksOf = ({ api = "", origin, pages = "/admin" }: PublicUrl["Service"], run: Pick<Run, "id">) => ({
  self: `${origin}${api}/api/v1/operations/${run.id}`,
  view: `${origin}${pages}/operations/${run.id}`
})

/** A run as the API shows it. */
export const toResource = (url: PublicUrl["Service"], run: Run): RunResource => ({
  id: run.id,
  workspaceId: run.workspaceId,
  tenantId: run.tenantId,
  type: run.type,
  status: run.status,
  outcome: run.outcome,
  actor: run.actor,
  input: run.input,
  context: run.context,
  summaryCounts: run.summaryCounts,
  failureSummary: run.failureSummary.map((failure) => ({
    ...failure,
    nextStep: NextStep.ofFailure(run, failure)
  })),
  report: run.report,
  reasonCode: run.reasonCode,
  attempt: run.attempt,
  maxAttempts: run.maxAttempts,
  version: run.version,
  queuedAt: run.queuedAt,
  availableAt: run.availableAt,
  startedAt: run.startedAt,
  deadline: run.deadline,
  completedAt: run.completedAt,
  cancelRequestedAt: run.cancelRequestedAt,
  cancelRequestedBy: run.cancelRequestedBy,
  supersededBy: run.supersededBy,
  retryOf: run.retryOf,
  traceparent: run.traceparent,
  links: linksOf(url, run)
})

/** A run as the API shows it to somebody who acts on it and may not be allowed to view it. */
export const toSeenResource = (url: PublicUrl["Service"], run: Run | RunReceipt): RunResource | RunReceiptResource =>
  isWholeRun(run) ? toResource(url, run) : { ...run, links: linksOf(url, run) }

const typeResources = new WeakMap<Operation.Any, OperationResource>()

/** An operation as the API shows it. The schema of its input is derived once, and refuses unknown members as starts do. */
const toTypeResource = (type: Operation.Any): OperationResource => {
  const known = typeResources.get(type)
  if (known !== undefined) return known
  const { capabilities, category, description, identity, label, name, scope, startedBy } = type
  const { definitions, schema } = Schema.toJsonSchemaDocument(Schema.toCodecJson(type.input), {
    onExcessProperty: "error"
  })
  const input = Object.keys(definitions).length === 0 ? schema : { ...schema, $defs: definitions }
  const by = identity.rule === "once" ? `${identity.rule} by ${identity.by}` : identity.rule
  const resource = { name, label, description, category, scope, startedBy, capabilities, identity: by, input }
  typeResources.set(type, resource)
  return resource
}

/** A timeline entry as the API shows it. */
export const toEventResource = ({ seq, at, kind, data }: RunEvent): RunEventResource => ({ seq, at, kind, data })

/** Proxies close connections on which nothing is sent. */
const keepAliveEvery = "15 seconds"

const retry = Sse.encoder.write(new Sse.Retry({ duration: Duration.seconds(3), lastEventId: undefined }))
const end = Sse.encoder.write({ _tag: "Event", event: "end", id: undefined, data: "{}" })
const encodeEvent = Schema.encodeSync(Schema.toCodecJson(RunEventResource))

const message = (event: RunEvent) =>
  Sse.encoder.write({
    _tag: "Event",
    event: "message",
    id: String(event.seq),
    data: JSON.stringify(encodeEvent(toEventResource(event)))
  })

// RFC 9110, section 12.5.1: a list of media types; one of weight 0 is not acceptable.
const accepts = (header: string, mediaType: string) =>
  header.split(",").some((range) => {
    const [type, ...parameters] = range.split(";").map((part) => part.trim().toLowerCase())
    return type === mediaType && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
  })

/** Whether a request wants a stream of events rather than a page. A stream for HEAD would never be read, and never end. */
const wantsStream = ({ headers, method }: HttpServerRequest.HttpServerRequest): boolean =>
  method === "GET" && accepts(headers["accept"] ?? "", "text/event-stream")

/** The last event that a client has: from its browser when that reconnects, otherwise from the address. */
const lastSeen = ({ headers }: HttpServerRequest.HttpServerRequest, after: number): number => {
  const id = Number(headers["last-event-id"] ?? after)
  return Number.isInteger(id) && id > 0 && id < 2 ** 31 ? id : 0
}

/**
 * A run's timeline as server-sent events, from the last event that the client has seen until the run is completed. A reconnect
 * after the end gets 204, which tells the browser to stop. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
const streamOf = Effect.fnUntraced(function* (runs: Runs["Service"], id: string, after: number) {
  const actor = yield* CurrentActor
  const run = yield* runs.get(actor, id)
  if (run.status === "completed" && after >= run.lastEvent) return HttpServerResponse.empty()
  const events = Stream.fromIterable([retry]).pipe(
    Stream.concat(Stream.map(runs.follow(actor, id, after), message)),
    // An actor who loses the right to view the run loses the stream. The reconnect says why.
    Stream.catch(() => Stream.empty),
    Stream.concat(Stream.fromIterable([end])),
    Stream.merge(
      Stream.map(Stream.tick(keepAliveEvery), () => ": keep-alive\n\n"),
      { haltStrategy: "left" }
    )
  )
  return HttpServerResponse.stream(Stream.encodeText(events), {
    contentType: "text/event-stream",
    headers: {
      "cache-control": "no-store",
      vary: "Authorization, Cookie, Accept",
      "x-accel-buffering": "no"
    }
  })
})

// RFC 9110, section 13.1.2: a list of tags, compared weakly, or `*`.
const matchesEtag = (header: string | undefined, etag: string) =>
  header?.split(",").some((tag) => ["*", etag, `W/${etag}`].includes(tag.trim())) ?? false

/** How many seconds a client should wait before it reads a run again. */
const pollAfter = "1"

const defaultPageSize = 50

const decodeStart = argumentsOf(Schema.Struct({ input: Schema.Unknown, supersedes: Schema.optionalKey(Schema.String) }))

/** Reads the body of a start: the operation's input, and the run to replace, if any. */
const readStart = (body: unknown) => decodeStart(body as Parameters<typeof decodeStart>[0])

const answerStart = (url: PublicUrl["Service"]) =>
  Effect.fnUntraced(function* <E>(start: Effect.Effect<StartResult, E | StartProblem>) {
    const result = yield* start.pipe(
      Effect.mapError((problem) =>
        problem instanceof OperationBusy
          ? new OperationBusy({ ...problem, links: linksOf(url, { id: RunId.make(problem.holder.id) }) })
          : problem
      )
    )
    if (result.removed) return result
    const { disposition, run } = result
    const links = linksOf(url, run)
    return HttpApiSchema.withHeaders({
      body: { disposition, run: toSeenResource(url, run), links },
      headers: { location: links.self, "operation-location": links.self, "retry-after": pollAfter }
    })
  })

const keyOf = (headers: { readonly "idempotency-key"?: string }) =>
  headers["idempotency-key"] === undefined ? {} : { idempotencyKey: headers["idempotency-key"] }

const handlers = HttpApiBuilder.group(
  Api,
  "operations",
  Effect.fnUntraced(function* (handlers) {
    const runs = yield* Runs
    const url = yield* PublicUrl
    const answer = answerStart(url)

    return handlers.handleAll({
      start: Effect.fnUntraced(function* ({ params, payload, headers }) {
        const request = {
          tenantId: params.tenant,
          ...(yield* readStart(payload)),
          ...keyOf(headers)
        }
        return yield* answer(runs.start(yield* CurrentActor, params.type, request))
      }),
      startInWorkspace: Effect.fnUntraced(function* ({ params, payload, headers }) {
        const request = {
          workspaceId: params.workspace,
          ...(yield* readStart(payload)),
          ...keyOf(headers)
        }
        return yield* answer(runs.start(yield* CurrentActor, params.type, request))
      }),
      cancel: Effect.fnUntraced(function* ({ params }) {
        return toSeenResource(url, yield* runs.cancel(yield* CurrentActor, params.run))
      }),
      retry: Effect.fnUntraced(function* ({ params, headers }) {
        return yield* answer(runs.retry(yield* CurrentActor, params.run, keyOf(headers).idempotencyKey))
      }),
      waiting: Effect.fnUntraced(function* ({ params }) {
        return { waiting: Option.getOrNull(yield* runs.whyWaiting(yield* CurrentActor, params.run)) }
      }),
      lineage: Effect.fnUntraced(function* ({ params }) {
        return yield* runs.lineage(yield* CurrentActor, params.run)
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        const { cursor, limit, ...filter } = query
        const page = yield* runs.list(yield* CurrentActor, filter, {
          cursor: cursor ?? null,
          limit: limit ?? defaultPageSize
        })
        return { runs: page.runs.map((run) => toResource(url, run)), nextCursor: page.nextCursor }
      }),
      types: Effect.fnUntraced(function* () {
        return { types: (yield* runs.operations(yield* CurrentActor)).map(toTypeResource) }
      }),
      get: Effect.fnUntraced(function* ({ params, headers }) {
        const run = yield* runs.get(yield* CurrentActor, params.run)
        const etag = `"${run.version}"`
        const cache = { etag, "cache-control": "private, no-cache", vary: "Authorization, Cookie, Accept" }
        if (matchesEtag(headers["if-none-match"], etag))
          return HttpApiSchema.withHeaders({ body: undefined, headers: cache })
        return HttpApiSchema.withHeaders({
          body: toResource(url, run),
          headers: run.status === "completed" ? cache : { ...cache, "retry-after": pollAfter }
        })
      }),
      events: Effect.fnUntraced(function* ({ params, query, request }) {
        if (wantsStream(request)) return yield* streamOf(runs, params.run, lastSeen(request, query.after ?? 0))
        const page = { after: query.after ?? 0, limit: query.limit ?? defaultPageSize }
        const events = yield* runs.events(yield* CurrentActor, params.run, page)
        return { events: events.map(toEventResource) }
      })
    })
  })
)

/**
 * The API's routes, for any Effect server or, as here, for a web handler.
 *
 * @example
 * ```ts
 * const routes = OperationsHttp.layer.pipe(
 *   Layer.provide(Layer.succeedContext(services)),
 *   Layer.provide(HttpServer.layerServices)
 * )
 * const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
 * ```
 */
export const layer = HttpApiBuilder.layer(Api).pipe(Layer.provide(handlers), Layer.provide(HttpProblems.layer))
