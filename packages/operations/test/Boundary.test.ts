import { assertRefusesHostileCalls, hostileCalls, servicesOf } from "@atlas/test"
import { assert, describe, it, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import {
  AuditLog,
  Authorization,
  Decoding,
  Operation,
  OperationCatalog,
  Runs,
  SystemRuns,
  WorkspaceId
} from "../src/index.ts"
import * as index from "../src/index.ts"
import { access, contoso, ledger, operator, outsider, Work } from "./Fixture.ts"

const at = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
const scope = { workspaceId: WorkspaceId.make("northwind"), tenantId: contoso }
const filter = {
  type: Work.name,
  tenant: contoso,
  status: "queued",
  outcome: "pending",
  actor: operator.id,
  reasonCode: "worker_lost",
  record: { name: "schedule", id: "1" },
  from: at,
  to: at
}
const request = { input: { key: "hostile", size: 1 }, context: { schedule: "1" } }

type Calls = Readonly<Record<string, ReadonlyArray<unknown>>>

/** A call of every method about a run, with everything that may be given. What is not listed here fails the test. */
const callsOf = (run: string) =>
  ({
    Runs: {
      start: [operator, Work.name, { ...request, tenantId: contoso, idempotencyKey: "n" }],
      "start in a workspace, superseding": [
        operator,
        { name: Work.name },
        { ...request, workspaceId: "northwind", supersedes: run }
      ],
      cancel: [operator, run],
      retry: [operator, run, "a-key"],
      lineage: [operator, run],
      whyWaiting: [operator, run],
      operations: [operator],
      get: [operator, run],
      getMany: [operator, [run]],
      latest: [operator, contoso, [Work.name]],
      gates: [operator, contoso, [Work.name]],
      list: [operator, filter, { cursor: null, limit: 10 }],
      tally: [operator, filter],
      ended: [operator, filter, 24],
      events: [operator, run, { after: 0, limit: 10 }],
      follow: [operator, run, 0]
    },
    SystemRuns: {
      start: ["scheduler", Work.name, { ...request, scope, fireTime: at }],
      find: [run],
      list: [
        { ...filter, workspace: "northwind" },
        { before: run, limit: 10 }
      ],
      events: [run, { after: 0, limit: 10 }],
      cancel: ["command-line", run]
    },
    AuditLog: {
      record: [
        {
          action: "report.deleted",
          actor: operator,
          scope,
          record: { kind: "report", id: "1" },
          before: { name: "a" },
          after: null,
          runId: null
        }
      ],
      list: ["northwind", { before: null, limit: 10 }],
      ofRun: [run, 10],
      ofRecord: ["northwind", { kind: "report", id: "1" }, 10]
    },
    Authorization: {
      tenant: [operator, contoso, "tenant.work.view", "test.work"],
      member: [operator, contoso],
      acting: [operator, scope],
      visible: [operator]
    },
    OperationCatalog: { find: [Work.name] }
  }) satisfies Record<string, Calls>
const tried = ["Runs", "SystemRuns", "AuditLog", "Authorization", "OperationCatalog"] as const

/** Between services only: what they are handed comes from the door, or from the catalog. */
const internal: Readonly<Record<string, ReadonlyArray<string>>> = {
  AuditLog: ["forbidden"],
  Authorization: ["start", "view", "act", "require"],
  OperationCatalog: ["operations"]
}

/** Services that are not tried, and why. */
const untried = {
  Access: "the host implements it",
  DatabaseListener: "the host implements it",
  Graph: "the host implements it, or takes the live client",
  "HttpProblems.Middleware": "it handles requests",
  "OperationsApi.Authentication": "the host implements it",
  "OperationsApi.CurrentActor": "a value that the host's Authentication provides",
  "OperationsHttp.PublicUrl": "a value that the host provides"
}

const countRows = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ rows: number }>`SELECT ((SELECT count(*) FROM operation_runs) + (SELECT count(*) FROM operation_run_events)
      + (SELECT count(*) FROM operation_audit WHERE action <> 'forbidden'))::int AS rows`,
    ([row]) => row?.rows
  )
)

it("Every service of the index is tried, or need not be", () =>
  assert.sameMembers([...servicesOf(index)], [...tried, ...Object.keys(untried)]))

layer(ledger, { excludeTestServices: true })("the public functions of the ledger", (it) => {
  for (const name of tried) {
    it.effect(`answer or refuse every call of ${name} with a type, and record nothing of what they refuse`, () =>
      Effect.gen(function* () {
        const services = {
          Runs: yield* Runs,
          SystemRuns: yield* SystemRuns,
          AuditLog: yield* AuditLog,
          Authorization: yield* Authorization,
          OperationCatalog: yield* OperationCatalog
        }
        const { run } = yield* services.SystemRuns.start("timer", Work, { scope, input: { key: name } })
        yield* assertRefusesHostileCalls(services[name], callsOf(run.id)[name], {
          internal: internal[name] ?? [],
          recorded: countRows
        })
      })
    )
  }

  it.effect("never let a filter widen what is visible", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { run } = yield* runs.start(operator, Work, { tenantId: contoso, input: { key: "ours" } })
      for (const status of ["queued' OR '1'='1", "queued') OR ('1'='1"]) {
        for (const hostile of [{ status }, { outcome: status }] as ReadonlyArray<object>) {
          const asked: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
            runs.list(outsider, hostile, { cursor: null, limit: 200 }),
            runs.tally(outsider, hostile),
            runs.ended(outsider, hostile, 24)
          ]
          for (const ask of asked) assert.strictEqual((yield* Effect.flip(ask))._tag, "InvalidInput")
        }
      }
      const seen = yield* runs.list(outsider, { status: "queued" }, { cursor: null, limit: 200 })
      assert.notInclude(JSON.stringify(seen.runs.map(({ id }) => id)), run.id)
    })
  )

  it.effect("name at most twenty problems of an input, and no long sentence twice", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 200 }, (_, index) => `policy_type_${index}`)
      const schema = Schema.Struct({ types: Schema.Array(Schema.Literals(names)) })
      const given = { types: Array.from({ length: 20_000 }, () => "x") }
      const { detail, errors } = yield* Effect.flip(Decoding.decodeInput(schema, given))
      assert.strictEqual(errors.length, 20)
      assert.include(detail, "20")
      assert.strictEqual(errors.filter(({ detail }) => detail.includes("policy_type_1")).length, 1)
      assert.deepStrictEqual(errors[1], { pointer: "/types/1", detail: "The same as at /types/0" })
      assert.isBelow(JSON.stringify(errors).length, 4_000)
    })
  )

  it.effect("say of a member what to do about it", () =>
    Effect.gen(function* () {
      const { errors } = yield* Effect.flip(
        Decoding.decodeInput(Schema.Struct({ full: Schema.Boolean }), { ful: true })
      )
      assert.deepStrictEqual(errors, [
        { pointer: "/ful", detail: "Unknown: correct its name, or leave it out" },
        { pointer: "/full", detail: "Required" }
      ])
    })
  )
})

describe("The definition of an operation", () => {
  it("is refused with what is wrong with it, whatever it is", () => {
    const definition = {
      name: "test.fair",
      label: "Work",
      description: "Works.",
      category: "Test",
      input: Schema.Struct({ key: Schema.String }),
      capabilities: { start: "tenant.work.run", view: "tenant.work.view", viewOf: () => [] },
      identity: { rule: "while_active", key: () => "k" },
      scope: "tenant",
      startedBy: "members",
      records: () => ({}),
      gates: ["door"],
      contracts: [],
      resolves: false,
      exclusive: false,
      concurrency: 5,
      priority: "background",
      timeLimit: "1 hour",
      queueLimit: 60_000,
      supersedable: true,
      retention: { days: 1, count: 1 },
      retry: { maxAttempts: 2, backoff: "1 second", maxBackoff: 5_000 }
    }
    const make = Operation.make as unknown as (definition: unknown) => unknown
    assert.doesNotThrow(() => make(definition))
    assert.doesNotThrow(() => make({ ...definition, timeLimit: undefined, retry: { backoff: undefined } }))
    for (const { args, what } of hostileCalls([{ ...definition, name: "test.hostile" }])) {
      try {
        make(args[0])
      } catch (error) {
        assert.instanceOf(error, TypeError, what)
        assert.include((error as Error).message, "is invalid", what)
      }
    }
    assert.throws(
      () => make({ ...definition, name: "test.wrong", retries: 5, concurrency: 0 }),
      "/definition/retries: Unknown: correct its name, or leave it out; /definition/concurrency: Expected"
    )
  })
})

layer(Layer.provideMerge(ledger, access))("an input that is JSON", (it) => {
  it.effect("is copied, without what is undefined, and with members of any name", () =>
    Effect.gen(function* () {
      const given = JSON.parse('{"a":[1,{"__proto__":{"b":null}}],"constructor":"c"}')
      const decoded = yield* Decoding.decodeInput(Schema.Json, { ...given, gone: undefined })
      assert.deepStrictEqual(JSON.stringify(decoded), JSON.stringify(given))
    })
  )

  it.effect("says where it is not JSON, too deep or too large", () =>
    Effect.gen(function* () {
      const pointerOf = (value: unknown) =>
        Effect.map(Effect.flip(Decoding.decodeInput(Schema.Json, value)), ({ errors }) => errors[0]?.pointer)
      assert.strictEqual(yield* pointerOf({ a: { "b/c": [1, Number.NaN] } }), "/a/b~1c/1")
      assert.strictEqual(yield* pointerOf({ a: [new Date(0)] }), "/a/0")
      assert.strictEqual(yield* pointerOf({ a: 5n }), "/a")
      const deep = Array.from({ length: 70 }).reduce<unknown>((inner) => [inner], 1)
      assert.strictEqual(yield* pointerOf(deep), "/0".repeat(64))
      assert.strictEqual(yield* pointerOf(["x".repeat(600_000), "x".repeat(600_000)]), "/1")
    })
  )
})
