import { withRun } from "../../src/testing/index.ts"
import * as TestOperations from "../../src/testing/TestOperations.ts"
import * as Pg from "../../src/pg.ts"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import {
  Access,
  type Actor,
  AuditLog,
  Authorization,
  type Capability,
  isWholeRun,
  Operations,
  Operation,
  Runs,
  TenantId,
  WorkspaceId
} from "../../src/index.ts"

const workspaceId = WorkspaceId.make("northwind")
const contoso = TenantId.make("contoso")
const person = (id: string): Actor => ({ id, kind: "user", name: id })

const Work = Operation.make({
  name: "door.work",
  label: "Work",
  description: "For tests.",
  category: "Test",
  input: Schema.Struct({ key: Schema.String }),
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  identity: { rule: "while_active", key: ({ key }) => key }
})
/** What may view a comparison depends on what it compares. */
const Compare = Operation.make({
  name: "door.compare",
  label: "Compare",
  description: "For tests.",
  category: "Test",
  input: Schema.Struct({ sides: Schema.Array(Schema.Literals(["backup", "inventory"])) }),
  capabilities: {
    start: "tenant.compare.run",
    view: "tenant.inventory.view",
    viewOf: ({ sides }) => sides.map((side): Capability => `tenant.${side}.view`)
  },
  identity: { rule: "while_active", key: ({ sides }) => sides }
})

const rights = new Map<string, ReadonlyArray<Capability>>([
  ["starter", ["tenant.work.run"]],
  ["viewer", ["tenant.work.view"]],
  ["both", ["tenant.work.run", "tenant.work.view"]],
  ["inventory", ["tenant.compare.run", "tenant.inventory.view"]],
  ["sides", ["tenant.compare.run", "tenant.inventory.view", "tenant.backup.view"]]
])
const access = TestOperations.accessIn(workspaceId, ({ id }) => {
  const capabilities = rights.get(id)
  return capabilities && new Set(capabilities)
})

const ledger = Operations.layer(Work, Compare).pipe(
  Layer.provideMerge(Layer.merge(access, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)

const [starter, viewer, both] = [person("starter"), person("viewer"), person("both")]
const work = (key: string) => ({ tenantId: contoso, input: { key } })
const content = [
  "actor",
  "input",
  "context",
  "failureSummary",
  "report",
  "reasonCode",
  "identityKey",
  "worker"
] as const

/** What JavaScript may answer as grants, against the types, by the id of the actor; with what is said of it. */
const wrongGrants: Readonly<Record<string, readonly [answer: unknown, sentence: RegExp]>> = {
  nothing: [undefined, /What Access\.grants answered is wrong\. the value: Expected array/],
  numbered: [[{ workspaceId: 7, tenants: "all", capabilities: new Set() }], /\/0\/workspaceId: Expected string/],
  unstorable: [[{ workspaceId: "north\0wind", tenants: "all", capabilities: new Set() }], /\/0\/workspaceId: .*NUL/],
  listed: [[{ workspaceId, tenants: [contoso], capabilities: new Set() }], /\/0\/tenants: Expected/],
  lettered: [[{ workspaceId, tenants: "all", capabilities: "tenant.work.view" }], /\/0\/capabilities: Expected/],
  halved: [[{ workspaceId, tenants: "all", capabilities: new Set(["tenant.\ud800.view"]) }], /\/0\/capabilities.*NUL/]
}
const wrongWorkspaces: Readonly<Record<string, unknown>> = {
  bare: "northwind",
  unstorable: Option.some("a\0b"),
  none: null
}

/** Tenants that have moved to another workspace, or that are gone, as long as a test has them in here. */
const elsewhere = new Map<string, WorkspaceId | null>()
const movable = Layer.effect(
  Access,
  Effect.map(Access, (fixed) =>
    Access.of({
      grants: (actor) =>
        actor.id === "twice"
          ? Effect.succeed([
              { workspaceId, tenants: "all", capabilities: new Set<Capability>() },
              { workspaceId, tenants: new Set([contoso]), capabilities: new Set<Capability>(["tenant.work.view"]) }
            ])
          : actor.id in wrongGrants
            ? Effect.succeed(wrongGrants[actor.id]?.[0] as [])
            : fixed.grants(actor),
      workspaceOf: (tenant) =>
        tenant in wrongWorkspaces
          ? Effect.succeed(wrongWorkspaces[tenant] as Option.Option<WorkspaceId>)
          : elsewhere.has(tenant)
            ? Effect.succeed(Option.fromNullishOr(elsewhere.get(tenant)))
            : fixed.workspaceOf(tenant)
    })
  )
).pipe(Layer.provide(access))

layer(
  Operations.layer(Work, Compare).pipe(
    Layer.provideMerge(Layer.merge(movable, Pg.listener)),
    Layer.provideMerge(TestDatabase.layer)
  ),
  { excludeTestServices: true }
)("the door to a tenant that may move", (it) => {
  it.effect("lets nobody retry a run in a tenant that is gone, or that belongs to another workspace by now", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* runs.start(both, Work, work("moved"))
      yield* runs.cancel(both, run.id)
      for (const now of [null, WorkspaceId.make("southwind")]) {
        elsewhere.set(contoso, now)
        assert.strictEqual((yield* Effect.flip(runs.retry(both, run.id)))._tag, "NotFound")
        // It stays what it was for those who could see it.
        assert.strictEqual((yield* runs.get(both, run.id)).id, run.id)
      }
      elsewhere.clear()
      assert.strictEqual((yield* runs.retry(both, run.id)).disposition, "created")
    })
  )

  it.effect("says of a policy that it gave several grants for one workspace", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const ended = yield* Effect.exit(runs.list(person("twice"), {}, { cursor: null, limit: 10 }))
      assert.match(String(ended), /several grants for one workspace/)
    })
  )

  it.effect("says of a policy what is wrong with its answers, and asks the database nothing", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      for (const [id, [, sentence]] of Object.entries(wrongGrants)) {
        const ended = yield* Effect.exit(runs.list(person(id), {}, { cursor: null, limit: 10 }))
        assert.isTrue(Exit.hasDies(ended), id)
        assert.match(String(ended), sentence)
      }
      for (const tenantId of Object.keys(wrongWorkspaces)) {
        const ended = yield* Effect.exit(runs.start(both, Work, { tenantId, input: { key: "wrong" } }))
        assert.isTrue(Exit.hasDies(ended), tenantId)
        assert.match(String(ended), /What Access\.workspaceOf answered is wrong\./)
      }
    })
  )
})

layer(ledger, { excludeTestServices: true })("the door", (it) => {
  it.effect("gives back of a start, a cancellation and a retry only what the actor may view", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* runs.start(both, Work, { ...work("secret name"), context: { job: "7" } })
      const joined = yield* runs.start(starter, Work, work("secret name"))
      assert.strictEqual(joined.disposition, "existing")
      const created = yield* runs.start(starter, Work, work("their own"))
      const cancelled = yield* runs.cancel(starter, run.id)
      const again = yield* runs.cancel(starter, created.run.id)
      const retried = withRun(yield* runs.retry(starter, run.id))
      for (const receipt of [joined.run, created.run, cancelled, again, retried.run]) {
        assert.isFalse(isWholeRun(receipt))
        for (const member of content) assert.notProperty(receipt, member)
        assert.notInclude(JSON.stringify(receipt), "secret name")
      }
      assert.deepInclude({ ...cancelled }, { id: run.id, status: "completed", outcome: "cancelled" })
      assert.isTrue(isWholeRun((yield* runs.start(both, Work, work("secret name"))).run))
      assert.strictEqual((yield* Effect.flip(runs.get(starter, run.id)))._tag, "Forbidden")
    })
  )

  it.effect("asks for what viewing a run needs by what it reads, also of whoever starts it", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const [inventory, sides] = [person("inventory"), person("sides")]
      const compare = (...sides: ReadonlyArray<"inventory" | "backup">) => ({ tenantId: contoso, input: { sides } })
      const refused = yield* Effect.flip(runs.start(inventory, Compare, compare("inventory", "backup")))
      assert.strictEqual(refused._tag === "Forbidden" && refused.requiredCapability, "tenant.backup.view")
      const { run: mixed } = yield* runs.start(sides, Compare, compare("inventory", "backup"))
      const { run: simple } = yield* runs.start(inventory, Compare, compare("inventory", "inventory"))
      assert.isTrue(isWholeRun(simple))
      const { run: newest } = yield* runs.start(sides, Compare, compare("backup", "backup"))
      const hidden = yield* Effect.flip(runs.get(inventory, mixed.id))
      assert.strictEqual(hidden._tag === "Forbidden" && hidden.requiredCapability, "tenant.backup.view")
      const listed = yield* runs.list(inventory, { type: Compare.name }, { cursor: null, limit: 10 })
      assert.deepStrictEqual(
        listed.runs.map(({ id }) => id),
        [simple.id]
      )
      assert.deepStrictEqual(yield* runs.tally(inventory, { type: Compare.name }), { queued: 1, running: 0 })
      assert.deepStrictEqual(
        (yield* runs.latest(inventory, contoso, [Compare.name])).map(({ id }) => id),
        [simple.id]
      )
      assert.deepStrictEqual(
        (yield* runs.latest(sides, contoso, [Compare.name])).map(({ id }) => id),
        [newest.id]
      )
    })
  )

  it.effect("shows the runs of an operation that is not registered any more to whoever could view them", () =>
    Effect.gen(function* () {
      const { run } = yield* Runs.use((runs) => runs.start(both, Work, work("orphan")))
      const services = yield* Layer.build(
        Layer.fresh(Operations.layer(Compare)).pipe(
          Layer.provide(Layer.succeedContext(yield* Effect.context<Access | SqlClient.SqlClient>())),
          Layer.provide(Pg.listener)
        )
      )
      const later = Context.get(services, Runs)
      assert.strictEqual((yield* later.get(viewer, run.id)).id, run.id)
      const listed = yield* later.list(viewer, { type: Work.name }, { cursor: null, limit: 200 })
      assert.include(
        listed.runs.map(({ id }) => id),
        run.id
      )
      assert.strictEqual((yield* Effect.flip(later.get(starter, run.id)))._tag, "Forbidden")
      assert.strictEqual((yield* Effect.flip(later.get(person("stranger"), run.id)))._tag, "NotFound")
      for (const act of [later.cancel(both, run.id), later.retry(both, run.id)]) {
        assert.strictEqual(
          (yield* Effect.flip(Effect.asVoid<unknown, { _tag: string }, never>(act)))._tag,
          "NotSupported"
        )
      }
      assert.strictEqual((yield* Effect.flip(later.start(both, Work, work("orphan"))))._tag, "NotFound")
    }).pipe(Effect.scoped)
  )

  it.effect("puts each refusal of a member on record with what it was about", () =>
    Effect.gen(function* () {
      const audit = yield* AuditLog
      const door = yield* Authorization
      yield* Effect.flip(door.tenant(person("starter"), contoso, "tenant.reports.view", "report"))
      yield* Effect.flip(door.tenant(person("stranger"), contoso, "tenant.reports.view", "report"))
      const records = yield* audit.list(workspaceId, { before: null, limit: 100 })
      const about = records.filter(({ type }) => type === "report")
      assert.deepStrictEqual(
        about.map(({ action, actor, data, tenantId }) => [action, actor.id, tenantId, data]),
        [["forbidden", "starter", contoso, { capability: "tenant.reports.view" }]]
      )
    })
  )

  it.effect("keeps a change of a record with its state before and after, in the transaction of the change", () =>
    Effect.gen(function* () {
      const audit = yield* AuditLog
      const sql = yield* SqlClient.SqlClient
      const change = {
        action: "report.renamed",
        actor: both,
        scope: { workspaceId, tenantId: contoso },
        record: { kind: "report", id: "r-1" },
        before: { name: "Old" },
        after: { name: "New", note: "Bearer eyJhbGciOiJub25lIn0.eyJhIjoxfQ.abcdefghijk" }
      } as const
      yield* Effect.exit(sql.withTransaction(Effect.andThen(audit.record(change), Effect.fail("rolled back"))))
      assert.deepStrictEqual(yield* audit.ofRecord(workspaceId, change.record, 10), [])
      yield* sql.withTransaction(audit.record(change))
      const [record, ...others] = yield* audit.ofRecord(workspaceId, change.record, 10)
      assert.deepStrictEqual(others, [])
      assert.deepInclude({ ...record }, { action: "report.renamed", recordKind: "report", recordId: "r-1" })
      assert.deepStrictEqual(record?.data["before"], { name: "Old" })
      assert.notInclude(JSON.stringify(record?.data), "eyJhbGciOiJub25lIn0")
    })
  )
})
