import * as Migrations from "@atlas/operations/migrations"
import { client, createDatabase, TestOperations } from "@atlas/operations/testing"
import * as Pg from "@atlas/operations/pg"
import {
  type Actor,
  AuditLog,
  InputResolver,
  Operation,
  Operations,
  OperationsApi,
  OperationsHttp,
  Problems,
  Runs,
  StartGate,
  SystemRuns,
  TenantId,
  Worker,
  WorkspaceId
} from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import { HttpRouter, HttpServer, HttpServerRequest } from "effect/http"
import { SqlClient } from "effect/sql"
import { archive, archiveMailboxes, ArchiveMailboxes, archivingEnabled, Mailboxes } from "./custom-operation.ts"

const ada: Actor = { id: "ada", kind: "user", name: "Ada" }
const scope = { workspaceId: WorkspaceId.make("acme"), tenantId: TenantId.make("acme-eu") }
const capabilities = new Set(Object.values(ArchiveMailboxes.capabilities))

const access = TestOperations.accessIn(scope.workspaceId, () => capabilities)

let enabled = true
const mailboxes = Layer.succeed(
  Mailboxes,
  Mailboxes.of({
    enabled: Effect.sync(() => enabled),
    archive: (mailbox) => Effect.succeed(mailbox !== "locked@acme.example")
  })
)

// A host with a client of its own: here it is the test's.
const database = Layer.merge(Pg.listener, Pg.migrated()).pipe(Layer.provideMerge(TestDatabase.layer))

const host = Worker.layer(archiveMailboxes).pipe(
  Layer.provideMerge(Operations.layer(ArchiveMailboxes)),
  Layer.provide(StartGate.layer(archivingEnabled)),
  Layer.provide(Layer.merge(mailboxes, access)),
  Layer.provideMerge(database)
)

const completed = Effect.fnUntraced(function* (...addresses: Array<string>) {
  const runs = yield* Runs
  const { run } = yield* archive(ada, "acme-eu", ...addresses)
  yield* runs.follow(ada, run.id, 0).pipe(Stream.runDrain, Effect.timeout("90 seconds"))
  return yield* runs.get(ada, run.id)
})

layer(host, { excludeTestServices: true })("an operation of the host's own", (it) => {
  it.effect("does its work, and says what it could not do", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* completed("a@acme.example")).outcome, "succeeded")
      const part = yield* completed("b@acme.example", "locked@acme.example")
      assert.deepStrictEqual(
        [part.outcome, part.reasonCode, part.summaryCounts],
        ["partially_succeeded", "ext.mailboxes.locked", { total: 2, processed: 2, succeeded: 1, failed: 1 }]
      )
      assert.deepStrictEqual(part.failureSummary[0]?.samples, [
        { message: "Its owner locked it.", item: "locked@acme.example" }
      ])
    })
  )

  it.effect("is blocked by its gate, and refuses input that it cannot work with", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(archive(ada, "acme-eu"))
      assert.strictEqual(refused.status, 422)
      enabled = false
      const { disposition, run } = yield* archive(ada, "acme-eu", "c@acme.example")
      assert.deepStrictEqual([disposition, run.reasonCode], ["blocked", "ext.mailboxes.archiving_disabled"])
      enabled = true
    })
  )

  it.effect("is started by a scheduler, which acts for no person", () =>
    Effect.gen(function* () {
      const runs = yield* SystemRuns
      const request = { scope, input: { mailboxes: ["d@acme.example"] } }
      const { disposition, run } = yield* runs.start("scheduler", ArchiveMailboxes, request)
      assert.deepStrictEqual([disposition, run.actor.kind], ["created", "system"])
    })
  )

  it.effect("gets its tables from the package's migrations", () =>
    Effect.gen(function* () {
      const server = yield* TestDatabase.url
      const { url } = yield* createDatabase(server)
      const applied = yield* Effect.provide(Migrations.run, client(url))
      assert.strictEqual(applied.at(-1)?.[0], Migrations.ledger.latest)
    })
  )
})

const ArchiveAll = Operation.make({
  name: "mailboxes.archive_all",
  label: "Archive all mailboxes",
  description: "Moves what is older than some days to the archive.",
  category: "Mail",
  input: Schema.Struct({ days: Schema.optionalKey(Schema.Int) }),
  capabilities: { start: "tenant.mailboxes.archive", view: "tenant.mailboxes.view" },
  identity: { rule: "while_active", key: ({ days }) => days ?? null },
  resolves: true
})

// The host's own sign-in; here it believes a header.
const authentication = Layer.succeed(
  OperationsApi.Authentication,
  OperationsApi.Authentication.of(
    Effect.fnUntraced(function* (answer) {
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      const id = headers["x-user"]
      if (id === undefined) return yield* new Problems.Unauthenticated({})
      return yield* Effect.provideService(answer, OperationsApi.CurrentActor, { id, kind: "user", name: id })
    })
  )
)
const publicUrl = Layer.succeed(OperationsHttp.PublicUrl, { origin: "https://host.example" })

const defaultDays = InputResolver.make(ArchiveAll, (input) => Effect.succeed({ days: 365, ...input }))
const api = Operations.layer(ArchiveAll).pipe(
  Layer.provide(InputResolver.layer(defaultDays)),
  Layer.provideMerge(Layer.merge(authentication, publicUrl)),
  Layer.provide(Layer.mergeAll(access, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)

layer(api, { excludeTestServices: true })("the API of the host", (it) => {
  it.effect("lets people start what they may, and fills in what they leave out", () =>
    Effect.gen(function* () {
      const services = yield* Effect.context<OperationsApi.Authentication | OperationsHttp.PublicUrl | Runs>()
      const routes = OperationsHttp.layer.pipe(
        Layer.provide(Layer.succeedContext(services)),
        Layer.provide(HttpServer.layerServices)
      )
      const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
      const url = "https://host.example/api/v1/tenants/acme-eu/operations/mailboxes.archive_all"
      const start = (input: object, headers: Readonly<Record<string, string>>) =>
        Effect.promise(async () => {
          const body = JSON.stringify({ input })
          const sent = { method: "POST", headers: { "content-type": "application/json", ...headers }, body }
          const response = await handler(new Request(url, sent))
          const answered = (await response.json()) as { readonly disposition?: string }
          return [response.status, answered.disposition]
        })
      assert.deepStrictEqual(yield* start({}, {}), [401, undefined])
      assert.deepStrictEqual(yield* start({}, { "x-user": "ada" }), [202, "created"])
      assert.deepStrictEqual(yield* start({ days: 365 }, { "x-user": "ada" }), [202, "existing"])
      yield* Effect.promise(() => dispose())
    })
  )

  it.effect("puts changes of the host's own records on record", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const audit = yield* AuditLog
      const record = { kind: "archive", id: "2026" }
      const deletion = { action: "archive.deleted", actor: ada, scope, record, before: { mailboxes: 3 } } as const
      yield* sql.withTransaction(audit.record(deletion))
      const [newest] = yield* audit.ofRecord(scope.workspaceId, record, 10)
      assert.deepStrictEqual(newest?.data, { before: { mailboxes: 3 }, after: null })
    })
  )
})
