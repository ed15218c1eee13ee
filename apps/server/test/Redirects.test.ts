import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { browser, publicUrl, registered, whole } from "./WholeApp.ts"

const people = ["owner@northwind", "readonly@northwind", "owner@fourth-coffee", null]

layer(whole, { excludeTestServices: true, timeout: "120 seconds" })("a redirect", (it) => {
  it.effect("has a location, and nothing else has one, on every path and for everyone", () =>
    Effect.gen(function* () {
      const { cookieOf, routes, send } = yield* browser
      const seen = new Set<number>()
      for (const person of people) {
        const cookie = person === null ? {} : { cookie: yield* cookieOf(person) }
        for (const path of registered(routes)) {
          for (const method of ["GET", "POST"]) {
            const form = { "content-type": "application/x-www-form-urlencoded", origin: publicUrl, ...cookie }
            const { headers, status } = yield* send(path, {
              method,
              headers: form,
              ...(method === "GET" ? {} : { body: "" })
            })
            seen.add(status)
            const what = `${method} ${path} by ${person}: ${status}`
            assert.strictEqual(headers.has("location"), (status >= 300 && status < 400) || status === 202, what)
          }
        }
      }
      for (const status of [200, 302, 303, 403, 404, 422])
        assert.isTrue(seen.has(status), `some are answered with ${status}`)
    }).pipe(Effect.scoped)
  )
})
