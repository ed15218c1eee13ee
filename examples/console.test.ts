import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { Console } from "@atlas/console"
import { intune } from "@atlas/console/intune"
import { makePart, type Routes } from "@atlas/console/shell"
import { Directory } from "@atlas/directory"
import { Intune, PolicySecrets, TenantNames, viewInventory } from "@atlas/intune"
import {
  Access,
  type Actor,
  type Capability,
  Operations,
  Operation,
  StartGate,
  TenantId,
  WorkspaceId
} from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { TestDatabase as Database, TestOperations } from "@atlas/operations/testing"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer, Logger, ManagedRuntime, Option, Redacted, Scope } from "effect"
import express from "express"
import { assert, inject, it, vi } from "vitest"
import { mountConsole, servicesOf } from "./console.ts"

const report = Operation.make({
  name: "reports.export",
  label: "Export report",
  description: "Writes a report.",
  category: "Reports",
  input: Operation.NoInput,
  capabilities: { start: "tenant.reports.export", view: "tenant.reports.view" },
  identity: { rule: "while_active" }
})

const scope = { workspaceId: WorkspaceId.make("acme"), tenantId: TenantId.make("acme-eu") }
const capabilities = new Set<Capability>([...Object.values(report.capabilities), viewInventory])

const access = Layer.succeed(
  Access,
  Access.of({
    workspaceOf: (id) => Effect.succeed(id === scope.tenantId ? Option.some(scope.workspaceId) : Option.none()),
    grants: () => Effect.succeed([{ workspaceId: scope.workspaceId, tenants: "all", capabilities }])
  })
)

const unused = () => Effect.die(new Error("No policy here has a secret."))
const policySecrets = Layer.succeed(PolicySecrets, PolicySecrets.of({ keyId: "k", seal: unused, open: unused }))
const tenantNames = Layer.succeed(TenantNames, TenantNames.of({ nameOf: () => Effect.succeed("Acme Europe") }))
const connected = StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open))

// #region intune
const policies = Intune.layer.pipe(
  Layer.provide([policySecrets, tenantNames]),
  Layer.provideMerge(Operations.layer(report, ...Intune.operations)),
  Layer.provide(StartGate.layer(connected, ...Intune.gates))
)
// #endregion

const services = Directory.layer.pipe(
  Layer.provideMerge(policies),
  Layer.provide([access, Pg.listener]),
  Layer.provide(TestDatabase.layer),
  Layer.provideMerge(Logger.layer([])),
  Layer.orDie
)

const ada = { id: "ada", name: "Ada" }
const actorOf = (cookie: string | null): Actor | null => (cookie === "user=ada" ? { ...ada, kind: "user" } : null)
const people = {
  personOf: async (cookie: string | null) => (cookie === "user=ada" ? ada : null),
  tenantsOf: async () => [{ id: scope.tenantId, name: "Acme Europe", workspace: "Acme" }]
}

/** A database without any table. */
const empty = Layer.suspend(() =>
  Database.layerNoClient({ server: Redacted.make(inject("database").url), migrations: [] })
)
const syncs = new Set<Capability>(Directory.operations.flatMap(({ capabilities: { start, view } }) => [start, view]))
const policy = TestOperations.accessIn(scope.workspaceId, () => syncs)

it("shows the host's tenants to the host's people, and leads others to its sign-in", async () => {
  vi.stubEnv("CONSOLE_SECRET", "a secret of at least 32 characters")
  const database = ManagedRuntime.make(empty)
  const { url } = await database.runPromise(Database)
  const app = express().use(express.urlencoded())
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const composed = servicesOf(url, Redacted.make("the secret that seals credentials"), policy)
  const runtime = await mountConsole(app, origin, composed, people)
  const page = await fetch(`${origin}/ops/atlas/tenants`, { headers: { cookie: "user=ada" } })
  const text = await page.text()
  assert.include(text, "Acme Europe")
  assert.include(text, "No provider connection")
  const form = { method: "POST", headers: { cookie: "user=ada", origin }, redirect: "manual" } as const
  const started = await fetch(`${origin}/ops/atlas/tenants/acme-eu/operations/directory_groups.sync`, form)
  const run = started.headers.get("location") ?? ""
  assert.match(run, /^\/ops\/atlas\/operations\//)
  assert.include(await (await fetch(origin + run, { headers: { cookie: "user=ada" } })).text(), "Blocked")
  const stranger = await fetch(`${origin}/ops/atlas/tenants`, { redirect: "manual" })
  assert.strictEqual(stranger.headers.get("location"), "/login?next=%2Fops%2Fatlas%2Ftenants")
  server.close()
  server.closeAllConnections()
  await runtime.dispose()
  await database.dispose()
  vi.unstubAllEnvs()
})

it("has the pages and calls of the parts that it is given, the host's own among them", async () => {
  const runtime = ManagedRuntime.make(services)
  const secret = Redacted.make("a secret of at least 32 characters")
  const hello = makePart<never>({
    pages: Effect.succeed((routes: Routes) => routes.get("/hello", () => new Response("Hello")))
  })
  const make = Console.make({
    origin: "https://acme.example",
    actorOf: ({ headers }) => actorOf(headers.get("cookie")),
    tenantsOf: people.tenantsOf,
    secret,
    parts: [intune, hello]
  })
  const console = await runtime.runPromise(Effect.provideService(make, Scope.Scope, runtime.scope))
  const text = async (path: string) =>
    (await console(new Request(`https://acme.example${path}`, { headers: { cookie: "user=ada" } }))).text()
  assert.strictEqual(await text("/hello"), "Hello")
  assert.include(await text("/api/v1/tenants/acme-eu/inventory/summary"), '"count":0')
  await runtime.dispose()
})
