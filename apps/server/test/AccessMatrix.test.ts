import { type Operation, OperationsApi, type Run, Runs, SystemRuns, TenantId, WorkspaceId } from "@atlas/operations"
import { wholeRun, withRun } from "@atlas/operations/testing"
import { assert, layer } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { capabilitiesOf } from "../src/Roles.ts"
import { actorOf, host, makeHandler, members, type Person, stranger, types } from "./MatrixHost.ts"

const northwind = WorkspaceId.make("northwind")
const contoso = { workspaceId: northwind, tenantId: TenantId.make("contoso") }
const missingRun = "019845e1-682f-7b02-a706-3b2422d13aec"
const owner = members[0]!

/** What each call of the API asks for. A new call has to be added here. */
const calls = {
  start: { right: "start", on: "tenant", success: 202 },
  startInWorkspace: { right: "start", on: "workspace", success: 202 },
  cancel: { right: "start", on: "queued run", success: 202 },
  retry: { right: "start", on: "cancelled run", success: 202 },
  waiting: { right: "view", on: "queued run", success: 200 },
  lineage: { right: "view", on: "queued run", success: 200 },
  get: { right: "view", on: "queued run", success: 200 },
  events: { right: "view", on: "queued run", success: 200 },
  list: { right: "none", on: "everything", success: 200 },
  types: { right: "none", on: "everything", success: 200 }
} as const
type Call = keyof typeof calls

const endpoints = OperationsApi.Api.groups.operations.endpoints
const callNames = Object.keys(calls) as ReadonlyArray<Call>

interface Answer {
  readonly status: number
  readonly requiredCapability?: string
}

/** What the rules say of a member. `workspace`: the operation concerns the workspace as a whole. */
const expected = (person: Person, type: Operation.Any, call: Call): Answer => {
  const { right, on, success } = calls[call]
  const workspace = type.scope === "workspace"
  if (right === "none") return { status: success }
  const limited = person.reach === "here" || person.reach === "elsewhere"
  const inside = person.role !== null && person.reach !== "foreign"
  if (!inside || (!workspace && person.reach === "elsewhere" && on !== "workspace")) return { status: 404 }
  if ((on === "tenant" && workspace) || (on === "workspace" && !workspace)) return { status: 404 }
  const starts = on === "tenant" || on === "workspace"
  if (starts && type.startedBy === "system") return { status: 403, requiredCapability: "system" }
  const capability = type.capabilities[right]
  // What concerns all tenants may be seen, but not be started or stopped, by those who reach some.
  const has = capabilitiesOf[person.role!].has(capability) && !(workspace && limited && right === "start")
  if (!has) return { status: 403, requiredCapability: capability }
  return { status: call === "retry" && type.startedBy === "system" ? 409 : success }
}

/** An input that the type accepts. */
const inputOf = (type: Operation.Any) =>
  Arbitrary.sampleEffect(Arbitrary.schema(type.input), { count: 1, seed: 1 }).pipe(
    Effect.flatMap(([input]) => Schema.encodeEffect(Schema.toCodecJson(type.input))(input)),
    Effect.orDie
  )

/** A run of the type, by whoever may start it. */
const startRun = Effect.fnUntraced(function* (type: Operation.Any, scope: Pick<Run, "workspaceId" | "tenantId">) {
  const runs = yield* Runs
  const input = yield* inputOf(type)
  const { identity, name } = type
  if (identity.rule === "once" && identity.by === "idempotency_key") {
    const request = { tenantId: scope.tenantId!, input, idempotencyKey: "first" }
    return withRun(yield* runs.start(actorOf(owner), name, request)).run
  }
  const fireTime = yield* DateTime.now
  return withRun(yield* (yield* SystemRuns).start("scheduler", name, { scope, input, fireTime })).run
})

const scopeOf = (type: Operation.Any) => (type.scope === "workspace" ? { ...contoso, tenantId: null } : contoso)

/** An empty ledger but for what the call is about. */
const prepare = Effect.fnUntraced(function* (type: Operation.Any, { on }: (typeof calls)[Call]) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE operation_keys DISABLE TRIGGER USER`
  yield* sql`DELETE FROM operation_keys`
  yield* sql`DELETE FROM operation_runs`
  if (on !== "queued run" && on !== "cancelled run") return missingRun
  const { id } = yield* startRun(type, scopeOf(type))
  if (on === "cancelled run") yield* Runs.use((runs) => runs.cancel(actorOf(owner), id))
  return id
})

/** The request of a call, as the API declares it. */
const requestOf = Effect.fnUntraced(function* (
  call: Call,
  type: Operation.Any,
  names: { readonly tenant: string; readonly workspace: string; readonly run: string },
  headers: Record<string, string>
) {
  const { method, path } = endpoints[call]
  const parts: Record<string, string> = { ...names, type: type.name }
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(parts[name] ?? "?"))
  const body = method === "POST" ? { body: JSON.stringify({ input: yield* inputOf(type) }) } : {}
  return new Request(`https://atlas.example${filled}`, {
    method,
    headers: { "content-type": "application/json", "idempotency-key": "second", ...headers },
    ...body
  })
})

const here = { tenant: "contoso", workspace: "northwind" }
const nowhere = { tenant: "nowhere", workspace: "nowhere", run: missingRun }

/** Everything that a refused call must leave as it was. */
const recorded = SqlClient.SqlClient.use(
  (sql) => sql`
    SELECT r::text AS row FROM operation_runs r UNION ALL SELECT e::text FROM operation_run_events e
    UNION ALL SELECT count(*)::text FROM operation_audit WHERE action <> 'forbidden' ORDER BY 1`
)

/** Which refusals are on record for a person, and how many records there are. */
const refusals = Effect.fnUntraced(function* ({ id }: Person) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ workspaceId: string; tenantId: string | null; type: string; capability: string }>`
    SELECT workspace_id, tenant_id, type, data ->> 'capability' AS capability FROM operation_audit
    WHERE action = 'forbidden' AND actor ->> 'id' = ${id}`
  const named = rows.map((row) => [row.workspaceId, row.tenantId, row.type, row.capability].join(" "))
  return { different: [...new Set(named)].sort(), count: rows.length }
})

const minute = Effect.map(DateTime.now, (now) => Math.floor(DateTime.toEpochMillis(now) / 60_000))

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("who may call what", (it) => {
  it.effect("is said here for every call of the API", () =>
    Effect.sync(() => assert.sameMembers(Object.keys(calls), Object.keys(endpoints)))
  )

  for (const person of [...members, stranger]) {
    it.effect(`holds for ${person.id}, for every type and call`, () =>
      Effect.gen(function* () {
        const handle = yield* makeHandler
        const forbidden = new Set<string>()
        const first = yield* minute
        for (const type of types) {
          for (const call of callNames) {
            const what = `${call} of ${type.name}`
            const run = yield* prepare(type, calls[call])
            const before = yield* recorded
            const send = (names: typeof nowhere) =>
              Effect.flatMap(requestOf(call, type, names, { authorization: person.id }), handle)
            const answer = yield* send({ ...here, run })
            const { status, requiredCapability } = expected(person, type, call)
            assert.strictEqual(answer.status, status, what)
            assert.strictEqual(answer.body?.requiredCapability, requiredCapability, what)
            if (status === 404) assert.deepStrictEqual(answer, yield* send(nowhere), what)
            if (status >= 400) assert.deepStrictEqual(yield* recorded, before, what)
            if (status === 403) {
              const tenant = type.scope === "workspace" ? null : contoso.tenantId
              forbidden.add([northwind, tenant, type.name, requiredCapability].join(" "))
            }
          }
        }
        const { different, count } = yield* refusals(person)
        assert.deepStrictEqual(different, [...forbidden].sort())
        assert.isAtMost(count, forbidden.size * ((yield* minute) - first + 1))
      }).pipe(Effect.scoped)
    )
  }

  it.effect("is nothing for those who are not signed in, whatever exists", () =>
    Effect.gen(function* () {
      const handle = yield* makeHandler
      for (const type of types) {
        for (const call of callNames) {
          const run = yield* prepare(type, calls[call])
          const before = yield* recorded
          const answer = yield* Effect.flatMap(requestOf(call, type, { ...here, run }, {}), handle)
          assert.strictEqual(answer.status, 401, `${call} of ${type.name}`)
          assert.deepStrictEqual(answer, yield* Effect.flatMap(requestOf(call, type, nowhere, {}), handle))
          assert.deepStrictEqual(yield* recorded, before)
        }
      }
    }).pipe(Effect.scoped)
  )

  it.effect("shows in lists what each may see, and nothing else", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const handle = yield* makeHandler
      yield* sql`ALTER TABLE operation_keys DISABLE TRIGGER USER`
      yield* sql`DELETE FROM operation_keys`
      yield* sql`DELETE FROM operation_runs`
      const foreign = { workspaceId: WorkspaceId.make("fourth-coffee"), tenantId: TenantId.make("adatum") }
      const tenants = [contoso, { ...contoso, tenantId: TenantId.make("fabrikam") }, foreign]
      const workspaces = [contoso, foreign].map((scope) => ({ ...scope, tenantId: null }))
      const all: Array<readonly [Run, Operation.Any]> = []
      for (const type of types) {
        const idempotencyKey = type.identity.rule === "once" && type.identity.by === "idempotency_key"
        const scopes = type.scope === "workspace" ? workspaces : idempotencyKey ? tenants.slice(0, 2) : tenants
        for (const scope of scopes) all.push([wholeRun(yield* startRun(type, scope)), type])
      }
      for (const person of [...members, stranger]) {
        const sees = (run: Run, type: Operation.Any) =>
          person.role !== null &&
          run.workspaceId === (person.reach === "foreign" ? foreign.workspaceId : northwind) &&
          (run.tenantId === null ||
            !["here", "elsewhere"].includes(person.reach!) ||
            run.tenantId === (person.reach === "here" ? "contoso" : "fabrikam")) &&
          capabilitiesOf[person.role].has(type.capabilities.view)
        const visible = all.filter(([run, type]) => sees(run, type)).map(([{ id }]) => id)
        const url = "https://atlas.example/api/v1/operations?limit=200"
        const { body } = yield* handle(new Request(url, { headers: { authorization: person.id } }))
        assert.sameMembers(
          body.runs.map(({ id }: Run) => id),
          visible,
          person.id
        )
        for (const [{ id }] of all) {
          const { status } = yield* handle(
            new Request(`https://atlas.example/api/v1/operations/${id}`, { headers: { authorization: person.id } })
          )
          assert.strictEqual(status === 200, visible.includes(id), `${person.id} reads what the list shows`)
        }
      }
    }).pipe(Effect.scoped)
  )
})
