import * as Pg from "@atlas/operations/pg"
import {
  type Actor,
  type Capability,
  InputResolver,
  Operation,
  Operations,
  OperationsApi,
  OperationsHttp,
  Problems,
  Runs,
  StartGate
} from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServer, HttpServerRequest } from "effect/http"
import { SqlClient } from "effect/sql"
import * as AccessPolicy from "../src/AccessPolicy.ts"
import { registeredOperations } from "../src/RegisteredOperations.ts"
import { Role } from "../src/Roles.ts"

const probe = <Kind extends Operation.ScopeKind = "tenant">(
  name: string,
  start: Capability,
  view: Capability,
  more: Partial<Operation.Definition<unknown, unknown, Kind>> = {}
) =>
  Operation.make<unknown, unknown, Kind>({
    ...({
      label: name,
      description: "Stands for the types of its sort that this server does not have yet.",
      category: "Test",
      input: Schema.Unknown,
      identity: { rule: "while_active" },
      capabilities: { start, view },
      ...more
    } as Operation.Definition<unknown, unknown, Kind>),
    name: `probe.${name}`
  })

/** The server's own types, and one of each sort of rule. */
export const types: ReadonlyArray<Operation.Any> = [
  ...registeredOperations,
  probe("workspace", "tenant.directory.sync", "tenant.directory.view", { scope: "workspace" }),
  probe("system", "tenant.providers.verify", "tenant.providers.view", {
    startedBy: "system",
    identity: { rule: "once", by: "fire_time" }
  }),
  probe("workspace_system", "tenant.directory.sync", "tenant.directory.view", {
    scope: "workspace",
    startedBy: "system"
  }),
  probe("verify", "tenant.providers.verify", "tenant.providers.view"),
  probe("click", "tenant.directory.sync", "tenant.directory.view", {
    identity: { rule: "once", by: "idempotency_key" }
  }),
  probe("danger", "workspace.members.manage", "workspace.members.manage")
]

/** Where a member may work: everywhere, in the tenant that is asked about, in another one, or in another workspace. */
export const reaches = ["all", "here", "elsewhere", "foreign"] as const
export type Reach = (typeof reaches)[number]

/** One person of each kind. Without a role: signed in, and a member of nothing. */
export interface Person {
  readonly id: string
  readonly role: Role | null
  readonly reach: Reach | null
}

export const stranger: Person = { id: "stranger", role: null, reach: null }
export const members: ReadonlyArray<Person> = Role.literals.flatMap((role) =>
  reaches.map((reach) => ({ id: `${role} ${reach}`, role, reach }))
)

export const actorOf = ({ id }: Person): Actor => ({ id, kind: "user", name: id })

const seed = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO workspaces VALUES ('northwind', 'Northwind'), ('fourth-coffee', 'Fourth Coffee')`
  yield* sql`INSERT INTO tenants (id, workspace_id, name) VALUES ('contoso', 'northwind', 'Contoso'),
    ('fabrikam', 'northwind', 'Fabrikam'), ('adatum', 'fourth-coffee', 'Adatum')`
  for (const { id, role, reach } of [...members, stranger]) {
    yield* sql`INSERT INTO accounts VALUES (${id}, ${id})`
    if (role === null) continue
    const workspace = reach === "foreign" ? "fourth-coffee" : "northwind"
    const tenant = reach === "here" ? "contoso" : reach === "elsewhere" ? "fabrikam" : null
    yield* sql`INSERT INTO memberships VALUES (${id}, ${workspace}, ${role}, ${tenant === null ? "all" : "some"})`
    if (tenant !== null) yield* sql`INSERT INTO entitlements VALUES (${id}, ${workspace}, ${tenant})`
  }
})

/** Whoever is named is believed: this is about what they may do. */
const authentication = Layer.succeed(
  OperationsApi.Authentication,
  OperationsApi.Authentication.of(
    Effect.fnUntraced(function* (answer) {
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      const id = headers["authorization"]
      if (id === undefined) return yield* new Problems.Unauthenticated({})
      return yield* Effect.provideService(answer, OperationsApi.CurrentActor, { id, kind: "user", name: id })
    })
  )
)

const gates = [...new Set(types.flatMap((type) => type.gates))].map((name) =>
  StartGate.make(name, () => Effect.succeed(StartGate.open))
)

const resolvers = types.filter(({ resolves }) => resolves).map((type) => InputResolver.make(type, Effect.succeed))

/** The API of the server's policy and catalog; no worker. */
export const host = Layer.merge(
  Operations.layer(...types).pipe(
    Layer.provide(Layer.merge(StartGate.layer(...gates), InputResolver.layer(...resolvers)))
  ),
  Layer.mergeAll(
    authentication,
    Layer.effectDiscard(seed),
    Layer.succeed(OperationsHttp.PublicUrl, { origin: "https://atlas.example" })
  )
).pipe(Layer.provideMerge(Layer.merge(AccessPolicy.layer, Pg.listener)), Layer.provideMerge(TestDatabase.layer))

/** The API's web handler, as the server mounts it. */
export const makeHandler = Effect.gen(function* () {
  const services = yield* Effect.context<OperationsApi.Authentication | OperationsHttp.PublicUrl | Runs>()
  const routes = OperationsHttp.layer.pipe(
    Layer.provide(Layer.succeedContext(services)),
    Layer.provide(HttpServer.layerServices)
  )
  const api = yield* Effect.acquireRelease(
    Effect.sync(() => HttpRouter.toWebHandler(routes, { disableLogger: true })),
    ({ dispose }) => Effect.promise(() => dispose())
  )
  return (request: Request) =>
    Effect.promise(async () => {
      const response = await api.handler(request)
      const text = await response.text()
      const body = text === "" ? undefined : JSON.parse(text)
      return { status: response.status, headers: Object.fromEntries(response.headers), text, body }
    })
})
