import { freePort } from "@atlas/test"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, Layer, Scope } from "effect"
import { type Fetch, Front } from "../src/Front.ts"
import { Settings } from "../src/Settings.ts"

/** Answers with an application until the scope closes; yields where. */
const mounted = Effect.fnUntraced(function* (fetch: Fetch) {
  const port = yield* freePort
  const env = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { PORT: String(port) } }))
  const front = Front.layer.pipe(Layer.provide(Settings.layer), Layer.provide(env))
  yield* Layer.build(
    Layer.effectDiscard(Front.use(({ mount }) => mount(fetch, Effect.void))).pipe(Layer.provide(front))
  )
  return `http://127.0.0.1:${port}`
})

/** How many milliseconds the front takes to close while an application answers a request as it likes. */
const closing = (fetch: Fetch) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const begun = Promise.withResolvers<void>()
    const application: Fetch = (request, env) => {
      begun.resolve()
      return fetch(request, env)
    }
    const origin = yield* Scope.provide(mounted(application), scope)
    const asked = globalThis.fetch(origin).then((response) => response.text())
    yield* Effect.promise(() => begun.promise)
    const before = performance.now()
    yield* Scope.close(scope, Exit.void)
    yield* Effect.promise(() => asked.catch(() => {}))
    return performance.now() - before
  })

describe("Front", () => {
  it.live("closes although a request never gets its answer, and waits less for a stream that never ends", () =>
    Effect.gen(function* () {
      const endless = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(": hello\n\n")) })
      const [unanswered, streaming] = yield* Effect.all(
        [closing(() => new Promise(() => {})), closing(() => new Response(endless))],
        { concurrency: 2 }
      )
      assert.isBelow(streaming, unanswered)
    })
  )
})
