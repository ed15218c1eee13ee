import { type Actor, Problems, RunEvent, Runs } from "@atlas/operations"
import { Duration, Effect, Option, Schema, Stream } from "effect"
import { Sse } from "effect/encoding"
import { HttpServerRespondable, HttpServerResponse } from "effect/http"
import type { Context } from "hono"

/** Proxies cut connections on which nothing is sent. */
const keepAliveEvery = "15 seconds"

const retry = Sse.encoder.write(new Sse.Retry({ duration: Duration.seconds(3), lastEventId: undefined }))
const end = Sse.encoder.write({ _tag: "Event", event: "end", id: undefined, data: "{}" })

const Wire = Schema.toCodecJson(
  RunEvent.mapFields((fields) => ({ ...fields, data: Schema.Record(Schema.String, Schema.Unknown) }))
)

const message = (event: RunEvent) =>
  Sse.encoder.write({
    _tag: "Event",
    event: "message",
    id: String(event.seq),
    data: JSON.stringify(Schema.encodeSync(Wire)(event))
  })

type Refusal = Problems.Refusal | Problems.Unauthenticated

const refuse = (problem: Refusal) =>
  Effect.map(HttpServerRespondable.toResponse(problem), (response) => HttpServerResponse.toWeb(response))

const lastSeen = (c: Context) => {
  const id = Number(c.req.header("last-event-id") ?? c.req.query("after") ?? 0)
  return Number.isInteger(id) && id > 0 && id < 2 ** 31 ? id : 0
}

/** Whether a request wants a stream of events rather than a page of them. Nobody would ever read, or end, that of a HEAD. */
export const wantsStream = (c: Context): boolean =>
  c.req.method === "GET" && (c.req.header("accept")?.includes("text/event-stream") ?? false)

/**
 * Answers with a run's timeline as server-sent events, from after `Last-Event-ID` until the run is completed; a
 * reconnect past the end gets 204, which tells the browser to stop.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export const makeLiveEvents = Effect.gen(function* () {
  const runs = yield* Runs
  return Effect.fn("LiveEvents")(function* (c: Context, actor: Option.Option<Actor>) {
    if (Option.isNone(actor)) return yield* new Problems.Unauthenticated({})
    const id = c.req.param("run") ?? ""
    const run = yield* runs.get(actor.value, id)
    const after = lastSeen(c)
    if (run.status === "completed" && after >= run.lastEvent) return new Response(null, { status: 204 })
    const events = Stream.fromIterable([retry]).pipe(
      Stream.concat(Stream.map(runs.follow(actor.value, id, after), message)),
      // Whoever loses the right to watch loses the stream; the reconnect says why.
      Stream.catch(() => Stream.empty),
      Stream.concat(Stream.fromIterable([end])),
      Stream.merge(
        Stream.map(Stream.tick(keepAliveEvery), () => ": keep-alive\n\n"),
        { haltStrategy: "left" }
      )
    )
    return new Response(Stream.toReadableStream(Stream.encodeText(events)), {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        vary: "Authorization, Cookie, Accept",
        "x-accel-buffering": "no"
      }
    })
  }, Effect.catch(refuse))
})
