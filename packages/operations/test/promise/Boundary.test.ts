import { hostileCalls, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { z } from "zod"
import {
  AtlasError,
  createAtlas,
  DatabaseUnavailable,
  defineOperation,
  type HostAccess,
  NotFound,
  UnexpectedError
} from "../../src/promise/index.ts"

const access: HostAccess = {
  grants: ({ id }) =>
    id === "ada"
      ? [{ workspaceId: "acme", tenants: "all", capabilities: ["tenant.work.run", "tenant.work.view"] }]
      : [],
  workspaceOf: (tenantId) => (tenantId === "acme-eu" ? "acme" : null)
}

const definition = {
  name: "work.do",
  label: "Work",
  description: "Works.",
  category: "Work",
  scope: "tenant",
  input: z.object({ key: z.string().max(100) }),
  capabilities: { start: "tenant.work.run", view: "tenant.work.view", viewOf: () => ["tenant.work.view" as const] },
  identity: { rule: "while_active", key: ({ key }: { readonly key: string }) => key },
  startedBy: "members",
  records: () => ({}),
  gate: async () => null,
  exclusive: false,
  concurrency: 1,
  priority: "interactive",
  timeLimit: "1 hour",
  queueLimit: 60_000,
  supersedable: false,
  retry: { maxAttempts: 2, backoff: 10, maxBackoff: "1 second" },
  retention: { days: 1, count: 5 },
  handler: async () => {}
} as const
const work = defineOperation(definition)
const ada = { id: "ada", name: "Ada" }
const unknownRun = "01900000-0000-7000-8000-000000000000"

/** A call of every method but those that end Atlas, with everything that may be given. What is not listed here fails the test. */
const calls: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  start: [ada, "work.do", { tenantId: "acme-eu", input: { key: "a" }, context: { job: "1" }, idempotencyKey: "k" }],
  startAsSystem: ["timer", "work.do", { workspaceId: "acme", tenantId: "acme-eu", input: { key: "b" }, context: {} }],
  get: [ada, unknownRun],
  list: [
    ada,
    {
      type: "work.do",
      tenant: "acme-eu",
      status: "active",
      outcome: "failed",
      actor: "ada",
      reasonCode: "x",
      cursor: null,
      limit: 5
    }
  ],
  events: [ada, unknownRun, { after: 0, limit: 5 }],
  follow: [ada, unknownRun, { after: 0, signal: new AbortController().signal }],
  cancel: [ada, unknownRun],
  retry: [ada, unknownRun, { idempotencyKey: "k" }]
}

const url = Effect.map(TestDatabase.url, Redacted.value)

const outcome = async (call: () => unknown): Promise<unknown> => {
  try {
    const result = call()
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
      for await (const event of result as AsyncIterable<unknown>) return event
      return undefined
    }
    return await result
  } catch (error) {
    return { refusedWith: error }
  }
}

const isRefused = (ended: unknown): ended is { readonly refusedWith: unknown } =>
  typeof ended === "object" && ended !== null && "refusedWith" in ended

const countRuns = SqlClient.SqlClient.use((sql) =>
  Effect.map(sql<{ runs: number }>`SELECT count(*)::int AS runs FROM operation_runs`, ([row]) => row?.runs)
)

layer(TestDatabase.layer, { excludeTestServices: true })("the functions for hosts outside Effect", (it) => {
  it.effect("answer or refuse every call with a class, and record nothing of what they refuse", () =>
    Effect.gen(function* () {
      const databaseUrl = yield* url
      const atlas = yield* Effect.promise(() =>
        createAtlas({ databaseUrl, operations: [work], access, worker: false, log: () => {} })
      )
      const methods = atlas as unknown as Record<string, (...args: ReadonlyArray<unknown>) => unknown>
      assert.sameMembers([...Object.keys(calls), "close"], Object.keys(atlas))
      for (const [method, call] of Object.entries(calls)) {
        for (const { args, what } of hostileCalls(call)) {
          const before = yield* countRuns
          const ended = yield* Effect.promise(() => outcome(() => methods[method]!(...args)))
          if (!isRefused(ended)) continue
          const error = ended.refusedWith
          const said = `${method}, ${what}: ${String(error).slice(0, 500)}`
          assert.isTrue(error instanceof AtlasError, said)
          assert.notInstanceOf(error, UnexpectedError, said)
          assert.notInstanceOf(error, DatabaseUnavailable, said)
          assert.isBelow(JSON.stringify(error).length, 10_000, said)
          assert.strictEqual(yield* countRuns, before, said)
        }
      }
      yield* Effect.promise(() => atlas.close())
    })
  )

  it.effect("say of a policy what is wrong with its answers", () =>
    Effect.gen(function* () {
      const databaseUrl = yield* url
      const answers: Readonly<Record<string, unknown>> = {
        "a text": "all",
        "no capabilities": [{ workspaceId: "acme", tenants: "all" }],
        "a capability as text": [{ workspaceId: "acme", tenants: "all", capabilities: "tenant.reports.view" }],
        "a tenant as text": [{ workspaceId: "acme", tenants: "acme-eu", capabilities: [] }]
      }
      const policy = {
        grants: ({ id }: { readonly id: string }) => (id === "ada" ? [] : answers[id]),
        workspaceOf: (tenant: string) => new Map([["acme-eu", "acme"]]).get(tenant)
      }
      const options = { databaseUrl, operations: [work], access: policy as any, worker: false } as const
      yield* Effect.promise(async () => {
        const atlas = await createAtlas(options)
        const start = (id: string, tenantId: string) =>
          outcome(() => atlas.start({ id }, work, { tenantId, input: { key: "a" } }))
        for (const id of Object.keys(answers)) {
          const ended = await start(id, "acme-eu")
          assert.isTrue(isRefused(ended), id)
          if (!isRefused(ended)) continue
          assert.instanceOf(ended.refusedWith, UnexpectedError, id)
          assert.include(String((ended.refusedWith as Error).cause), "access.grants must return", id)
        }
        const unknown = await start("ada", "nowhere")
        assert.isTrue(isRefused(unknown) && unknown.refusedWith instanceof NotFound)
        await atlas.close()
      })
    })
  )

  it.effect("refuse what is no definition, and options that nobody knows, before anything is connected", () =>
    Effect.gen(function* () {
      const databaseUrl = "postgres://nobody@127.0.0.1:9/none"
      const options = {
        databaseUrl,
        operations: [work],
        access,
        worker: { slots: 1, leaseMillis: 1_000 },
        connections: 2,
        migrate: true,
        retention: { days: 1, count: 1 },
        log: () => {}
      }
      const attempts = [
        ...[...hostileCalls([definition])].map((call) => ({
          ...call,
          make: defineOperation as (given: any) => unknown
        })),
        ...[...hostileCalls([options])].map((call) => ({ ...call, make: createAtlas as (given: any) => unknown }))
      ]
      for (const { args, make, what } of attempts) {
        const ended = yield* Effect.promise(() => outcome(() => make(args[0])))
        if (!isRefused(ended)) continue
        const error = ended.refusedWith
        const said = `${make.name}, ${what}: ${String(error).slice(0, 500)}`
        assert.isTrue(error instanceof AtlasError || error instanceof TypeError, said)
        assert.notInstanceOf(error, UnexpectedError, said)
        if (error instanceof TypeError) assert.include(error.message, "is invalid", said)
      }
    })
  )
})
