import { ManagedRuntime } from "effect"
import express from "express"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { addressesIn, crawl, fieldsOf, type Mounted, post, send } from "./journey.ts"
import { basePath, makeConsole, mountInServer, type NodeHandler } from "./mount.ts"
import { services, work } from "./Mounted.ts"

const runtime = ManagedRuntime.make(services)
afterAll(() => runtime.dispose())

const expressBehindParsers = (console: NodeHandler) => {
  const app = express()
  app.use(express.json())
  app.use(express.urlencoded({ extended: true }))
  app.use(basePath, console)
  app.get("/", (_, response) => void response.send("The host's own page"))
  return app
}

/** Hosts that know nothing of Effect: an application with parsers before everything, a bare server, and one of web requests. */
const hosts: ReadonlyArray<readonly [what: string, mount: () => Promise<Mounted>]> = [
  ["Express, behind parsers of JSON and forms", () => mountInServer(runtime, expressBehindParsers)],
  ["a plain server of Node", () => mountInServer(runtime, (console) => console)],
  [
    // As a route handler of Next, Hono, Bun and Deno do.
    "a host that calls it with web requests",
    async () => {
      const origin = "https://host.example"
      const console = await makeConsole(runtime, origin)
      return { origin, basePath, fetch: (address, init) => console(new Request(address, init)) }
    }
  ]
]

/** Reads server-sent events one by one. */
const eventsOf = (response: Response) => {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let read = ""
  const until = async (text: string): Promise<void> => {
    while (!read.includes(text)) {
      const { done, value } = await reader.read()
      if (done) throw new Error(`The stream ended without ${text}: ${read}`)
      read += value
    }
  }
  return { until, leave: () => reader.cancel() }
}

describe.each(hosts)("A console in %s", (_, mount) => {
  let mounted: Mounted
  beforeAll(async () => {
    mounted = await mount()
  })

  const start = async () => {
    const page = await (await send(mounted, "ada", `${basePath}/tenants/contoso`)).text()
    const action = addressesIn(page).find(({ address }) => address.endsWith(`/operations/${work.name}`))?.address ?? ""
    const answer = await post(mounted, "ada", action, fieldsOf(page, action))
    return { action, answer, location: answer.headers.get("location") ?? "" }
  }

  it("keeps every link, form and asset of every page below its path", async () => {
    await start()
    const pages = await crawl(mounted, "ada", basePath + "/tenants")
    for (const path of [
      "/tenants/contoso",
      "/operations",
      "/tenants/contoso/backups",
      "/tenants/contoso/configuration"
    ])
      assert.isTrue(pages.has(basePath + path), path)
    for (const name of ["app.css", "app.js", "favicon.svg"])
      assert.isTrue(pages.has(`${basePath}/assets/${name}`), name)
    // What the script imports it finds beside itself.
    const script = pages.get(`${basePath}/assets/app.js`) ?? ""
    for (const [, name] of script.matchAll(/(?:from|import\() ?"\.\/(\w+\.js)"/g))
      assert.strictEqual((await send(mounted, "ada", `${basePath}/assets/${name}`)).status, 200, name)
    assert.strictEqual((await send(mounted, "ada", `${basePath}/api`)).status, 200)
    const document = await (await send(mounted, "ada", `${basePath}/api/v1/openapi.json`)).json()
    assert.deepStrictEqual(document.servers, [{ url: basePath }])
  })

  it("starts from a form, and goes on below its path", async () => {
    const { action, answer, location } = await start()
    assert.isTrue(action.startsWith(`${basePath}/tenants/contoso/`), action)
    assert.strictEqual(answer.status, 303)
    assert.match(location, new RegExp(`^${basePath}/operations/[0-9a-f-]{36}$`))
    const confirmation = await (await send(mounted, "ada", `${location}/cancel`)).text()
    const cancelled = await post(mounted, "ada", `${location}/cancel`, fieldsOf(confirmation, `${location}/cancel`))
    assert.deepStrictEqual([cancelled.status, cancelled.headers.get("location")], [303, location])
    assert.include(await (await send(mounted, "ada", location)).text(), "ada cancelled this run")
  })

  it("starts from JSON, with links to itself", async () => {
    const body = JSON.stringify({ input: {} })
    const path = `${basePath}/api/v1/tenants/contoso/operations/${work.name}`
    const headers = {
      "content-type": "application/json",
      "idempotency-key": crypto.randomUUID(),
      origin: mounted.origin
    }
    const answer = await send(mounted, "ada", path, { method: "POST", headers, body })
    assert.strictEqual(answer.status, 202)
    const { run } = (await answer.json()) as { run: { id: string; links: { self: string; view: string } } }
    const below = mounted.origin + basePath
    assert.deepStrictEqual(run.links, {
      self: `${below}/api/v1/operations/${run.id}`,
      view: `${below}/operations/${run.id}`
    })
    assert.strictEqual(answer.headers.get("location"), run.links.self)
    for (const link of Object.values(run.links)) assert.strictEqual((await send(mounted, "ada", link)).status, 200)
    // What a parser makes of a body that is no object is refused by the call, not by the way to it.
    const wrong = await send(mounted, "ada", path, { method: "POST", headers, body: "[1]" })
    assert.strictEqual(wrong.status, 422)
  })

  it("delivers what happens to a run, and says when that is over", async () => {
    const { location } = await start()
    const page = await (await send(mounted, "ada", location)).text()
    const live = addressesIn(page).find(({ attribute }) => attribute === "data-live")?.address ?? ""
    const response = await send(mounted, "ada", live, { headers: { accept: "text/event-stream" } })
    assert.strictEqual(response.headers.get("content-type"), "text/event-stream")
    const { until } = eventsOf(response)
    await until("id: 1\n")
    await post(mounted, "ada", `${location}/cancel`)
    await until('"reasonCode":"operation_cancelled"')
    await until("event: end\n")
  })

  it("streams what happens to those who accept that, and pages it for others", async () => {
    const { location } = await start()
    const events = `${location.replace(basePath, `${basePath}/api/v1`)}/events`
    for (const [accept, type] of [
      ["application/json;q=0.5, Text/Event-Stream; q=0.1", "text/event-stream"],
      ["text/event-stream;charset=utf-8", "text/event-stream"],
      ["text/event-stream;q=0, application/json", "application/json"],
      ["application/json, text/event-stream; Q=0.000", "application/json"],
      ["application/x-text/event-stream-like", "application/json"]
    ] as const) {
      const response = await send(mounted, "ada", events, { headers: { accept } })
      assert.strictEqual(response.headers.get("content-type"), type, accept)
      await response.body?.cancel()
    }
  })

  it("sends strangers to the host's sign-in and back, and tells programs", async () => {
    const page = await send(mounted, null, `${basePath}/operations?status=active`)
    const back = encodeURIComponent(`${basePath}/operations?status=active`)
    assert.deepStrictEqual([page.status, page.headers.get("location")], [302, `/login?next=${back}`])
    assert.strictEqual((await send(mounted, null, `${basePath}/api/v1/operations`)).status, 401)
  })

  it("shows outsiders nothing", async () => {
    const { location } = await start()
    const api = location.replace(basePath, `${basePath}/api/v1`)
    for (const path of [location, `${basePath}/tenants/contoso`, api, `${basePath}/nothing`])
      assert.strictEqual((await send(mounted, "eve", path)).status, 404, path)
  })

  it("refuses forms of other sites", async () => {
    const { action } = await start()
    const foreign = await send(mounted, "ada", action, {
      method: "POST",
      headers: { origin: "https://evil.example" },
      body: new URLSearchParams()
    })
    assert.strictEqual(foreign.status, 403)
  })
})
