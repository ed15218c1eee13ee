import { DirectoryApi } from "@atlas/directory"
import { IntuneApi } from "@atlas/intune"
import { OperationsApi } from "@atlas/operations"
import { AtlasApi } from "@atlas/server/api"
import {
  assertAccessible,
  Browser,
  completed,
  describeBrowser,
  get,
  openPage,
  start,
  startServer,
  TestDatabase
} from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"

const fixture = Layer.merge(Browser.layer, TestDatabase.layer)

/** Every reference within a document. */
const references = (value: unknown): ReadonlyArray<string> =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([name, member]) =>
        name === "$ref" && typeof member === "string" ? [member] : references(member)
      )

describeBrowser("the API's description", () => {
  layer(fixture, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.effect("has every call of the packages, and nothing that is not there", () =>
      Effect.gen(function* () {
        const server = yield* startServer()
        const { body, headers, status } = yield* get(server, "/openapi.json")
        assert.strictEqual(status, 200)
        assert.strictEqual(headers.get("content-type"), "application/json")
        assert.strictEqual(body.openapi, "3.1.0")
        const described = Object.entries<Record<string, { operationId: string; summary?: string }>>(body.paths).flatMap(
          ([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`)
        )
        const endpoints = [
          ...Object.values(OperationsApi.Api.groups.operations.endpoints),
          ...Object.values(DirectoryApi.groups.directory.endpoints),
          ...Object.values(IntuneApi.groups.intune.endpoints)
        ]
        const declared = endpoints.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
        assert.sameMembers(described, declared)
        for (const item of Object.values<Record<string, { summary?: string }>>(body.paths)) {
          for (const { summary } of Object.values(item)) assert.isNotEmpty(summary)
        }
        for (const reference of references(body)) {
          const found = reference
            .slice(2)
            .split("/")
            .reduce((part: any, name) => part?.[name], body)
          assert.isDefined(found, reference)
        }
      }).pipe(Effect.scoped)
    )

    it.effect("is a page that lists every call, without a script or a sign-in", () =>
      Effect.gen(function* () {
        const { origin } = yield* startServer()
        const { page, problems } = yield* openPage(origin, { javaScriptEnabled: false })
        yield* Effect.promise(async () => {
          await page.goto("/api")
          assert.isAbove(await page.locator("details[id]").count(), 14)
          await page.getByText("Search groups").click()
          await page.getByText("Existing groups by name, the best matches first.").waitFor()
        })
        const scripted = yield* openPage(origin)
        yield* Effect.promise(async () => {
          await scripted.page.goto("/api")
          await scripted.page.locator("summary").first().click()
          await assertAccessible(scripted.page)
        })
        assert.deepStrictEqual([...problems, ...scripted.problems], [])
      }).pipe(Effect.scoped)
    )

    it.effect("gives a typed client, which the server understands", () =>
      Effect.gen(function* () {
        const server = yield* startServer()
        const client = yield* HttpApiClient.make(AtlasApi, {
          baseUrl: server.origin,
          transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken("dev:operator@northwind"))
        })
        const { run } = (yield* start(server, "contoso")).body
        const read = yield* client.operations.get({ params: { run: run.id }, headers: {} })
        assert.strictEqual(read?.body?.id, run.id)
        const { freshness, groups } = yield* client.directory.groups({
          params: { tenant: "contoso" },
          query: { query: "finance", filter: ["security", "dynamic"] }
        })
        assert.isArray(groups)
        assert.isBoolean(freshness.stale)
        const { labels } = yield* client.directory.groupLabels({ params: { tenant: "contoso" }, query: { ids: "a,b" } })
        assert.deepStrictEqual(
          labels.map(({ state }) => state),
          ["never_seen", "never_seen"]
        )
        const hidden = yield* Effect.flip(client.directory.groups({ params: { tenant: "adatum" }, query: {} }))
        assert.strictEqual(hidden._tag, "NotFound")
      }).pipe(Effect.provide(FetchHttpClient.layer), Effect.scoped)
    )

    it.effect("is beside metrics in Prometheus' format", () =>
      Effect.gen(function* () {
        const server = yield* startServer()
        const run = yield* completed(server, (yield* start(server, "contoso")).body.run.id)
        assert.strictEqual(run.outcome, "succeeded", run.reasonCode)
        const answer = yield* Effect.promise(() => fetch(`${server.origin}/metrics`))
        assert.strictEqual(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8")
        const text = yield* Effect.promise(() => answer.text())
        assert.match(text, /^atlas_graph_requests_total\{[^}]*contract="groups\.delta"[^}]*\} \d+$/m)
        assert.notInclude(text, "contoso")
      }).pipe(Effect.scoped)
    )
  })
})
