import { Context, Effect, Layer } from "effect"
import { HttpApiBuilder, HttpApiMiddleware, HttpApiSchema } from "effect/http-api"
import { CurrentActor, OperationsApi, type RunEventResource, type RunResource } from "./OperationsApi.ts"
import { reasonInfo } from "./ReasonCode.ts"
import type { Run } from "./Run.ts"
import type { RunEvent } from "./RunEvent.ts"
import { Runs } from "./Runs.ts"

/** Where the host is reached from outside, such as `https://atlas.example.com`: the base of absolute links. */
export class PublicUrl extends Context.Service<PublicUrl, { readonly origin: string }>()(
  "@atlas/operations/PublicUrl"
) {}

/**
 * A run's links.
 *
 * @param origin the host's public origin
 * @param run whose links
 */
export const linksOf = (origin: string, run: Pick<Run, "id">) => ({
  self: `${origin}/api/v1/operations/${run.id}`,
  view: `${origin}/admin/operations/${run.id}`
})

/**
 * A run as the API shows it.
 *
 * @param origin the host's public origin
 * @param run the record
 */
export const toResource = (origin: string, run: Run): RunResource => ({
  id: run.id,
  workspaceId: run.workspaceId,
  tenantId: run.tenantId,
  type: run.type,
  status: run.status,
  outcome: run.outcome,
  actor: run.actor,
  input: run.input,
  summaryCounts: run.summaryCounts,
  failureSummary: run.failureSummary.map((failure) => ({
    ...failure,
    nextStep: reasonInfo(failure.reasonCode).nextStep
  })),
  reasonCode: run.reasonCode,
  attempt: run.attempt,
  maxAttempts: run.maxAttempts,
  version: run.version,
  queuedAt: run.queuedAt,
  availableAt: run.availableAt,
  startedAt: run.startedAt,
  completedAt: run.completedAt,
  links: linksOf(origin, run)
})

const toEventResource = ({ seq, at, kind, data }: RunEvent): RunEventResource => ({ seq, at, kind, data })

// RFC 9110, section 13.1.2: a list of tags, compared weakly, or `*`.
const matchesEtag = (header: string | undefined, etag: string) =>
  header?.split(",").some((tag) => ["*", etag, `W/${etag}`].includes(tag.trim())) ?? false

/** Seconds after which a client may look at a run again. */
const pollAfter = "1"

const defaultPageSize = 50

const handlers = HttpApiBuilder.group(
  OperationsApi,
  "operations",
  Effect.fnUntraced(function* (handlers) {
    const runs = yield* Runs
    const { origin } = yield* PublicUrl

    return handlers.handleAll({
      start: Effect.fnUntraced(function* ({ params, payload }) {
        const actor = yield* CurrentActor
        const { disposition, run } = yield* runs.start(actor, {
          tenantId: params.tenant,
          type: params.type,
          input: payload
        })
        const links = linksOf(origin, run)
        return HttpApiSchema.withHeaders({
          body: { disposition, run: toResource(origin, run), links },
          headers: { location: links.self, "operation-location": links.self, "retry-after": pollAfter }
        })
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        const { cursor, limit, ...filter } = query
        const page = yield* runs.list(yield* CurrentActor, filter, {
          cursor: cursor ?? null,
          limit: limit ?? defaultPageSize
        })
        return { runs: page.runs.map((run) => toResource(origin, run)), nextCursor: page.nextCursor }
      }),
      get: Effect.fnUntraced(function* ({ params, headers }) {
        const run = yield* runs.get(yield* CurrentActor, params.run)
        const etag = `"${run.version}"`
        const cache = { etag, "cache-control": "private, no-cache", vary: "Authorization, Cookie, Accept" }
        if (matchesEtag(headers["if-none-match"], etag))
          return HttpApiSchema.withHeaders({ body: undefined, headers: cache })
        return HttpApiSchema.withHeaders({
          body: toResource(origin, run),
          headers: run.status === "completed" ? cache : { ...cache, "retry-after": pollAfter }
        })
      }),
      events: Effect.fnUntraced(function* ({ params, query }) {
        const page = { after: query.after ?? 0, limit: query.limit ?? defaultPageSize }
        const events = yield* runs.events(yield* CurrentActor, params.run, page)
        return { events: events.map(toEventResource) }
      })
    })
  })
)

/**
 * The API's routes, to be served by any Effect server or, through `HttpRouter.toWebHandler`, as a web handler. Needs
 * the host's `Authentication`.
 */
export const layer = HttpApiBuilder.layer(OperationsApi).pipe(
  Layer.provide(handlers),
  Layer.provide(HttpApiMiddleware.layerProblemDetails({ includeDetails: true }))
)
