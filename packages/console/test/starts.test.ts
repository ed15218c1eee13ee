import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { directory } from "../src/directory/index.ts"
import { intune } from "../src/intune/index.ts"
import { Console } from "../src/index.ts"
import { legacy } from "../src/legacy/index.tsx"
import { hostOptions, services } from "./Mounted.ts"

const origin = "https://host.example"
const names: Readonly<Record<string, string>> = { tenant: "contoso", workspace: "northwind", type: "test.work" }

/** Whatever creates runs. What is added here has to be declared where its route is. */
const starts = [
  "/api/v1/operations/:run/retry",
  "/api/v1/tenants/:tenant/operations/:type",
  "/api/v1/tenants/:tenant/restores",
  "/api/v1/tenants/:tenant/restores/:restore/confirm",
  "/api/v1/tenants/:tenant/restores/:restore/plan",
  "/api/v1/workspaces/:workspace/operations/:type",
  "/operations/:run/replace",
  "/operations/:run/retry",
  "/tenants/:tenant/drift",
  "/tenants/:tenant/operations/:type",
  "/tenants/:tenant/restores",
  "/tenants/:tenant/restores/:restore/confirm",
  "/tenants/:tenant/restores/:restore/plan",
  "/tenants/:tenant/restores/:restore/values"
]

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("a request", (it) => {
  it.effect("belongs to the trace of its caller or to one of its own, not to that of the console's making", () =>
    Effect.gen(function* () {
      const { traceId } = yield* Effect.orDie(Effect.currentSpan)
      const console = yield* Console.make(hostOptions(origin, ""))
      const start = (headers: Record<string, string>) =>
        Effect.promise(async () => {
          const sent = { cookie: "user=ada", origin, "content-type": "application/json", ...headers }
          const path = "/api/v1/tenants/contoso/operations/test.work"
          const answer = await console(
            new Request(origin + path, { method: "POST", headers: sent, body: '{"input":{}}' })
          )
          const { run } = (await answer.json()) as { readonly run: { readonly traceparent: string } }
          return run.traceparent
        })
      assert.notInclude(yield* start({ "idempotency-key": "1" }), traceId)
      const caller = "4bf92f3577b34da6a3ce929d0e0e4736"
      const traceparent = `00-${caller}-00f067aa0ba902b7-01`
      assert.include(yield* start({ "idempotency-key": "2", traceparent }), caller)
    }).pipe(Effect.withSpan("the host's start"))
  )
})

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("a person who starts too much", (it) => {
  it.effect("is refused wherever runs are started, and nowhere else", () =>
    Effect.gen(function* () {
      const console = yield* Console.make({
        ...hostOptions(origin, "/ops/atlas"),
        parts: [legacy, intune, directory],
        startsPerMinute: 1
      })
      const send = (path: string, user: string) =>
        Effect.promise(async () => {
          const asked = path.replaceAll(/:(\w+)/g, (_, name: string) => names[name] ?? "x")
          const headers = { cookie: `user=${user}`, origin, "content-type": "application/json" }
          return (await console(new Request(origin + asked, { method: "POST", headers, body: "{}" }))).status
        })
      // Uses up what there is.
      yield* send("/ops/atlas/tenants/contoso/drift", "ada")
      const posted = new Set(
        console.routes.filter(({ method }) => method === "POST" || method === "ALL").map(({ path }) => path)
      )
      const limited: Array<string> = []
      for (const path of posted) {
        if (!path.includes("*") && (yield* send(path, "ada")) === 429) limited.push(path.replace("/ops/atlas", ""))
      }
      assert.deepStrictEqual(limited.toSorted(), starts)
      assert.notStrictEqual(yield* send("/ops/atlas/tenants/contoso/drift", "eve"), 429)
      // Under another spelling there is nothing that could be started.
      const start = "/tenants/contoso/operations/test.work"
      for (const path of [
        `/api//v1${start}`,
        `/api/v1/${start}`,
        `/api/v1${start}/`,
        `/api/v1${start.replace("op", "Op")}`
      ])
        assert.strictEqual(yield* send(`/ops/atlas${path}`, "ada"), 404, path)
    })
  )
})
