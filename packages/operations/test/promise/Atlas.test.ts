import { getEventListeners } from "node:events"
import { TestDatabase } from "@atlas/test"
import { assert, expectTypeOf, layer } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { z } from "zod"
import {
  type Actor,
  type Atlas,
  AtlasError,
  createAtlas,
  DatabaseUnavailable,
  defineOperation,
  DuplicateOperation,
  Forbidden,
  type HostAccess,
  IdempotencyKeyRequired,
  IdempotencyKeyReused,
  InvalidCursor,
  InvalidInput,
  NotFound,
  OperationBusy,
  type Run,
  RunConflict,
  RunFailure,
  type StartAnswer,
  type Started
} from "../../src/promise/index.ts"

const capabilities = { start: "tenant.reports.export", view: "tenant.reports.view" } as const

const access: HostAccess = {
  grants: ({ id }) => {
    const both = [capabilities.start, capabilities.view]
    if (id === "ada") return [{ workspaceId: "acme", tenants: "all", capabilities: both }]
    if (id === "rita") return [{ workspaceId: "acme", tenants: ["acme-eu"], capabilities: [capabilities.view] }]
    return []
  },
  workspaceOf: async (tenantId) => (tenantId.startsWith("acme-") ? "acme" : null)
}
const ada: Actor = { id: "ada", name: "Ada" }
const rita: Actor = { id: "rita" }
const stranger: Actor = { id: "stranger" }

const common = { label: "Work", capabilities, identity: { rule: "while_active" } } as const

const exportReport = defineOperation({
  ...common,
  name: "reports.export",
  input: z.object({ month: z.string().regex(/^\d{4}-\d{2}$/), format: z.enum(["csv", "pdf"]).default("csv") }),
  identity: { rule: "while_active", key: ({ month, format }) => ({ month, format }) },
  handler: async ({ input, progress, failed, report, scope }) => {
    expectTypeOf(input).toEqualTypeOf<{ month: string; format: "csv" | "pdf" }>()
    progress({ total: 2, processed: 1 })
    if (input.month === "2026-02") failed({ reasonCode: "ext.reports.locked", message: "It is locked.", item: "Sales" })
    await report({ kind: "report", version: 1, tenant: scope.tenantId, format: input.format })
    progress({ total: 2, processed: 2 })
  }
})

/** Runs until it is told to stop, and then takes a moment. */
const wait = (begun: Array<string>, stopped: Array<string>) =>
  defineOperation({
    ...common,
    name: "reports.wait",
    input: z.object({}),
    handler: async ({ signal, run }) => {
      begun.push(run.id)
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => setTimeout(resolve, 30)))
      stopped.push(run.id)
    }
  })

const failing = defineOperation({
  ...common,
  name: "reports.fail",
  input: z.object({ how: z.enum(["mine", "later", "bug"]) }),
  retry: { maxAttempts: 3, backoff: "5 millis" },
  handler: async ({ input }) => {
    if (input.how === "bug") throw new Error("password=hunter2 was not accepted")
    throw new RunFailure({ reasonCode: "ext.reports.down", message: "It is down.", retryable: input.how === "later" })
  }
})

const click = defineOperation({
  ...common,
  name: "reports.click",
  exclusive: true,
  input: z.object({ size: z.number() }),
  identity: { rule: "once", by: "idempotency_key" },
  handler: ({ signal, input }) =>
    input.size === 0 ? Promise.resolve() : new Promise((resolve) => signal.addEventListener("abort", () => resolve()))
})

/** Any library will do: this one is Effect's own, and gives something that is no JSON. */
const dated = defineOperation({
  ...common,
  name: "reports.dated",
  input: Schema.toStandardSchemaV1(Schema.Struct({ since: Schema.DateFromString })),
  gate: async ({ input }) =>
    input.since.getUTCFullYear() < 2020 ? { reasonCode: "ext.reports.too_old", message: "Too old." } : null,
  handler: async ({ input, transaction }) => {
    await transaction(
      (query) => query("INSERT INTO host_reports (since) VALUES ($1)", [input.since.toISOString()]),
      () => ({ processed: 1 })
    )
    const failure = await transaction(async (query) => {
      await query("INSERT INTO host_reports (since) VALUES ('rolled back')")
      throw new TypeError("the host's own")
    }).catch((error: unknown) => error)
    if (!(failure instanceof TypeError)) throw failure
  }
})

const ended = async (atlas: Atlas<any>, runId: string, actor = ada): Promise<Run> => {
  for await (const _ of atlas.follow(actor, runId));
  return atlas.get(actor, runId)
}

const withRun = (started: StartAnswer): Started => {
  if (started.removed) throw new Error(`The run ${started.id} was removed`)
  return started
}

const rejection = async (promise: Promise<unknown>): Promise<AtlasError> => {
  const error = await promise.then(
    () => assert.fail("It was not refused"),
    (reason: unknown) => reason
  )
  if (!(error instanceof AtlasError)) throw error
  return error
}

const url = Effect.map(TestDatabase.url, Redacted.value)

const withAtlas = <const Operations extends ReadonlyArray<any>>(
  operations: Operations,
  work: (atlas: Atlas<Operations>, log: ReadonlyArray<string>) => Promise<void>,
  options: { readonly worker?: false } = {}
) =>
  Effect.flatMap(url, (databaseUrl) =>
    Effect.promise(async () => {
      const log: Array<string> = []
      const atlas = await createAtlas({
        databaseUrl,
        operations,
        access,
        log: ({ message, fields }) => log.push(`${message} ${JSON.stringify(fields)}`),
        ...options
      })
      await using _ = atlas
      await work(atlas, log)
    })
  )

layer(TestDatabase.layer, { excludeTestServices: true })("Atlas for hosts outside Effect", (it) => {
  it.effect("executes what was started, and tells of it as it goes", () =>
    withAtlas([exportReport], async (atlas) => {
      const { disposition, run } = await atlas.start(ada, exportReport, {
        tenantId: "acme-eu",
        input: { month: "2026-01" }
      })
      assert.strictEqual(disposition, "created")
      const kinds: Array<string> = []
      for await (const { kind } of atlas.follow(rita, run.id)) kinds.push(kind)
      const kept = await atlas.events(rita, run.id)
      assert.deepStrictEqual(
        kept.map(({ kind }) => kind),
        kinds
      )
      assert.deepStrictEqual(await atlas.events(rita, run.id, { after: 1, limit: 1 }), kept.slice(1, 2))
      assert.deepStrictEqual([kinds[0], kinds[1], kinds.at(-1)], ["created", "started", "completed"])
      const done = await atlas.get(rita, run.id)
      assert.deepInclude(done, { status: "completed", outcome: "succeeded", summaryCounts: { total: 2, processed: 2 } })
      assert.deepStrictEqual(done.report, { kind: "report", version: 1, tenant: "acme-eu", format: "csv" })
      assert.deepStrictEqual(done.actor, { id: "ada", kind: "user", name: "Ada" })
      assert.strictEqual(JSON.stringify(JSON.parse(JSON.stringify(done))), JSON.stringify(done))
    })
  )

  it.effect("leaves nothing at the signal of whoever follows once it has ended", () =>
    withAtlas([exportReport], async (atlas) => {
      const { signal } = new AbortController()
      const { run } = await atlas.start(ada, exportReport, { tenantId: "acme-eu", input: { month: "2026-04" } })
      for await (const _ of atlas.follow(ada, run.id, { signal }));
      assert.lengthOf(getEventListeners(signal, "abort"), 0)
    })
  )

  it.effect("stores what the schema gives, and joins starts that it makes equal", () =>
    withAtlas(
      [exportReport],
      async (atlas) => {
        const first = await atlas.start(ada, exportReport, { tenantId: "acme-eu", input: { month: "2026-03" } })
        const extra = { month: "2026-03", format: "csv", token: "not on the run" }
        const second = await atlas.start(ada, "reports.export", { tenantId: "acme-eu", input: extra })
        assert.isUndefined(second.removed)
        assert.deepStrictEqual([second.disposition, second.run.id], ["existing", first.run.id])
        assert.deepStrictEqual(first.run.input, { month: "2026-03", format: "csv" })
        await atlas.cancel(ada, first.run.id)
      },
      { worker: false }
    )
  )

  it.effect("says of each item that failed why, and ends as partially succeeded", () =>
    withAtlas([exportReport], async (atlas) => {
      const { run } = await atlas.start(ada, exportReport, { tenantId: "acme-eu", input: { month: "2026-02" } })
      const done = await ended(atlas, run.id)
      assert.deepInclude(done, { outcome: "partially_succeeded", reasonCode: "ext.reports.locked" })
      assert.deepInclude(done.failureSummary[0], { count: 1, nextStep: "See the failure's message." })
    })
  )

  it.effect("refuses with classes that answer HTTP requests", () =>
    withAtlas([exportReport, click], async (atlas) => {
      const start = (actor: Actor, tenantId: string, input: unknown, more = {}) =>
        rejection(atlas.start(actor, "reports.export", { tenantId, input, ...more }))
      const invalid = await start(ada, "acme-eu", { month: "soon", format: "gif" })
      assert.instanceOf(invalid, InvalidInput)
      assert.deepStrictEqual(
        (invalid as InvalidInput).errors.map(({ pointer }) => pointer),
        ["/input/month", "/input/format"]
      )
      assert.instanceOf(await start(stranger, "acme-eu", {}), NotFound)
      assert.instanceOf(await start(ada, "elsewhere", {}), NotFound)
      const forbidden = await start(rita, "acme-eu", {})
      assert.instanceOf(forbidden, Forbidden)
      assert.strictEqual((forbidden as Forbidden).requiredCapability, "tenant.reports.export")
      assert.deepInclude(JSON.parse(JSON.stringify(forbidden)), { status: 403, type: "urn:atlas:problem:forbidden" })
      assert.strictEqual(forbidden.message, forbidden.problem.detail)
      assert.instanceOf(await rejection(atlas.get(ada, "no id")), NotFound)
      assert.instanceOf(await rejection(atlas.list(ada, { cursor: "none" })), InvalidCursor)
      assert.instanceOf(
        await rejection(
          (async () => {
            for await (const _ of atlas.follow(stranger, "019845e1-682f-7b02-a706-3b2422d13aec"));
          })()
        ),
        NotFound
      )

      const clicked = (size: number, idempotencyKey?: string) =>
        atlas.start(ada, click, { tenantId: "acme-eu", input: { size }, ...(idempotencyKey ? { idempotencyKey } : {}) })
      assert.instanceOf(await rejection(clicked(1)), IdempotencyKeyRequired)
      const { run } = withRun(await clicked(1, "one"))
      const reused = await rejection(clicked(2, "one"))
      assert.instanceOf(reused, IdempotencyKeyReused)
      assert.strictEqual((reused as IdempotencyKeyReused).runId, run.id)
      const busy = await rejection(clicked(1, "two"))
      assert.instanceOf(busy, OperationBusy)
      assert.strictEqual((busy as OperationBusy).holder.id, run.id)
      await atlas.cancel(ada, run.id)
      await ended(atlas, run.id)
      assert.instanceOf(await rejection(atlas.cancel(ada, run.id)), RunConflict)
      const again = withRun(await atlas.retry(ada, run.id, { idempotencyKey: "three" }))
      assert.strictEqual(again.run.retryOf, run.id)
      await atlas.cancel(ada, again.run.id)
      await ended(atlas, again.run.id)
    })
  )

  it.effect("tells a start whose run was removed how that run ended", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const query = Effect.runPromiseWith(yield* Effect.context())
      const request = { tenantId: "acme-eu", input: { size: 0 }, idempotencyKey: "removed" }
      yield* withAtlas([click], async (atlas) => {
        const { run } = withRun(await atlas.start(ada, click, request))
        const { completedAt } = await ended(atlas, run.id)
        await query(sql`DELETE FROM operation_runs WHERE id = ${run.id}::uuid`)
        const answer = {
          disposition: "existing",
          removed: true,
          id: run.id,
          outcome: "succeeded",
          endedAt: completedAt
        }
        assert.deepEqual(await atlas.start(ada, click, request), answer as never)
        assert.instanceOf(await rejection(atlas.get(ada, run.id)), NotFound)
        const other = await rejection(atlas.start(ada, click, { ...request, input: { size: 1 } }))
        assert.strictEqual((other as IdempotencyKeyReused).runId, run.id)
      })
    })
  )

  it.effect("stops a handler through its signal, waits for it, and gives work back when it is closed", () =>
    Effect.gen(function* () {
      const begun: Array<string> = []
      const stopped: Array<string> = []
      const operation = wait(begun, stopped)
      // A claimed run is "started" a moment before its handler is called.
      const handling = async (id: string) => {
        while (!begun.includes(id)) await new Promise((resolve) => setTimeout(resolve, 5))
      }
      let left = ""
      yield* withAtlas([operation], async (atlas) => {
        const { run } = await atlas.start(ada, operation, { tenantId: "acme-eu", input: {} })
        await handling(run.id)
        await atlas.cancel(ada, run.id)
        const done = await ended(atlas, run.id)
        assert.deepInclude(done, { outcome: "cancelled", reasonCode: "operation_cancelled" })
        assert.deepStrictEqual(stopped, [run.id])

        left = (await atlas.start(ada, operation, { tenantId: "acme-eu", input: {} })).run.id
        await handling(left)
      })
      assert.strictEqual(stopped.at(-1), left)
      yield* withAtlas(
        [operation],
        async (atlas) => {
          assert.deepInclude(await atlas.get(ada, left), { status: "queued", attempt: 0 })
          await atlas.cancel(ada, left)
        },
        { worker: false }
      )
    })
  )

  it.effect("repeats what its handler calls retryable, and keeps unknown errors off the run", () =>
    withAtlas([failing], async (atlas, log) => {
      const run = async (how: "mine" | "later" | "bug") =>
        ended(atlas, (await atlas.start(ada, failing, { tenantId: "acme-eu", input: { how } })).run.id)
      assert.deepInclude(await run("mine"), { outcome: "failed", reasonCode: "ext.reports.down", attempt: 1 })
      assert.deepInclude(await run("later"), { outcome: "failed", reasonCode: "ext.reports.down", attempt: 3 })
      const bug = await run("bug")
      assert.deepInclude(bug, { outcome: "failed", reasonCode: "internal_error" })
      assert.notInclude(JSON.stringify(bug), "hunter2")
      const line = log.find((text) => text.includes("ended unexpectedly")) ?? ""
      assert.include(line, bug.id)
      assert.include(line, '"tenant":"acme-eu"')
      assert.notInclude(line, "hunter2")
    })
  )

  it.effect("asks the gate, takes schemas of any library, and rolls back what a handler gives up", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE host_reports (since text)`
      yield* withAtlas([dated], async (atlas) => {
        const blocked = await atlas.start(ada, dated, { tenantId: "acme-eu", input: { since: "2019-05-01T00:00:00Z" } })
        assert.strictEqual(blocked.disposition, "blocked")
        assert.deepInclude(blocked.run, { outcome: "blocked", reasonCode: "ext.reports.too_old" })
        const since = "2026-05-01T00:00:00.000Z"
        const { run } = await atlas.startAsSystem("timer", dated, {
          workspaceId: "acme",
          tenantId: "acme-eu",
          input: { since }
        })
        const done = await ended(atlas, run.id)
        assert.deepInclude(done, { outcome: "succeeded", summaryCounts: { processed: 1 } })
        assert.deepInclude(done.actor, { id: "timer", kind: "system" })
      })
      assert.deepStrictEqual(yield* sql`SELECT since FROM host_reports`, [{ since: "2026-05-01T00:00:00.000Z" }])
    })
  )

  it.effect("lists what may be seen, page by page, and by filters", () =>
    withAtlas(
      [exportReport],
      async (atlas) => {
        const months = ["2027-01", "2027-02", "2027-03"]
        for (const month of months) await atlas.start(ada, exportReport, { tenantId: "acme-us", input: { month } })
        const filter = { tenant: "acme-us", status: "active", limit: 2 } as const
        const first = await atlas.list(ada, filter)
        const second = await atlas.list(ada, { ...filter, cursor: first.nextCursor })
        assert.deepStrictEqual(
          [...first.runs, ...second.runs].map(({ input }) => (input as { month: string }).month),
          months.toReversed()
        )
        assert.isNull(second.nextCursor)
        assert.isEmpty((await atlas.list(rita, filter)).runs)
      },
      { worker: false }
    )
  )

  it.effect("takes part in the trace of the request that started the run", () => {
    const seen: Array<string | null> = []
    const traced = defineOperation({
      ...common,
      name: "reports.traced",
      input: z.object({}),
      handler: async ({ traceparent }) => void seen.push(traceparent)
    })
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
    return withAtlas([traced], async (atlas) => {
      const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
      const { run } = await atlas.start(ada, traced, { tenantId: "acme-eu", input: {}, traceparent })
      await ended(atlas, run.id)
      assert.include(run.traceparent, traceId)
      assert.include(seen[0], traceId)
      // A span of its own, below that of the start.
      assert.notStrictEqual(seen[0], run.traceparent)
    })
  })

  it.effect("says at once what is wrong with its options", () =>
    Effect.gen(function* () {
      const databaseUrl = yield* url
      yield* Effect.promise(async () => {
        const twice = { databaseUrl, operations: [exportReport, exportReport], access, log: () => {} }
        assert.instanceOf(await rejection(createAtlas(twice)), DuplicateOperation)
        const nowhere = {
          ...twice,
          databaseUrl: "postgres://atlas:hunter2@127.0.0.1:9/none",
          operations: [exportReport]
        }
        const unavailable = await rejection(createAtlas(nowhere))
        assert.instanceOf(unavailable, DatabaseUnavailable)
        assert.notInclude(unavailable.message, "hunter2")
        const definition = { ...common, name: "Wrong", input: z.object({}), handler: async () => {} }
        const refused = await rejection(
          (async () => defineOperation({ ...definition, retries: 5, concurrency: 0, handler: "later" } as never))()
        )
        assert.sameMembers(
          (refused as InvalidInput).errors.map(({ pointer }) => pointer),
          ["/definition/retries", "/definition/name", "/definition/concurrency", "/definition/handler"]
        )
        assert.include(refused.message, "/definition/handler: Expected a function")
        const contradiction = defineOperation({
          ...definition,
          name: "is.wrong",
          supersedable: true,
          identity: { rule: "once", by: "idempotency_key" }
        })
        const error = await createAtlas({ ...twice, operations: [contradiction] }).catch((reason: unknown) => reason)
        assert.instanceOf(error, TypeError)
        const unknown = await rejection(createAtlas({ ...twice, conections: 3, access: null } as never))
        assert.instanceOf(unknown, InvalidInput)
        assert.deepStrictEqual(
          (unknown as InvalidInput).errors.map(({ pointer }) => pointer),
          ["/options/conections", "/options/access"]
        )
      })
    })
  )

  it.effect("takes options that are undefined as absent", () =>
    withAtlas(
      [exportReport],
      async (atlas) => {
        const { run } = await atlas.start(ada, exportReport, { tenantId: "acme-eu", input: { month: "2026-05" } })
        assert.strictEqual((await ended(atlas, run.id)).outcome, "succeeded")
      },
      { worker: { slots: undefined, leaseMillis: undefined }, connections: undefined } as never
    )
  )

  it.effect("takes members of a definition that are undefined as absent", () => {
    const plain = defineOperation({
      ...common,
      name: "reports.plain",
      description: undefined,
      category: undefined,
      input: z.object({}),
      identity: { rule: "once", by: "idempotency_key", key: undefined, whileActive: undefined },
      retry: { backoff: undefined },
      handler: async () => {}
    } as never)
    assert.deepInclude({ ...plain }, { description: "", category: "Operations" })
    return withAtlas([plain], async (atlas) => {
      const request = { tenantId: "acme-eu", input: {}, idempotencyKey: "plain" }
      const { run } = withRun(await atlas.start(ada, "reports.plain", request))
      assert.strictEqual((await ended(atlas, run.id)).outcome, "succeeded")
    })
  })

  it("takes a run for granted only where an identity never outlives it", () => {
    void (async (atlas: Atlas<readonly [typeof exportReport, typeof click]>) => {
      const request = { tenantId: "acme-eu", input: { size: 1 }, idempotencyKey: "1" } as const
      const report = await atlas.start(ada, exportReport, { tenantId: "acme-eu", input: { month: "2026-01" } })
      const clicked = await atlas.start(ada, click, request)
      // @ts-expect-error -- retention may have removed the run
      const wrong = clicked.run.id
      return [report.run.id, wrong, clicked.removed ? clicked.endedAt : clicked.run.queuedAt]
    })
  })

  it("checks the input of a start when it is compiled", () => {
    const _check = (atlas: Atlas<readonly [typeof exportReport]>) => [
      atlas.start(ada, exportReport, { tenantId: "acme-eu", input: { month: "2026-01" } }),
      // @ts-expect-error -- the month is missing
      atlas.start(ada, exportReport, { tenantId: "acme-eu", input: {} }),
      // @ts-expect-error -- where it is to work is missing
      atlas.start(ada, exportReport, { input: { month: "2026-01" } }),
      // @ts-expect-error -- this operation was not given to createAtlas
      atlas.start(ada, click, { tenantId: "acme-eu", input: { size: 1 } })
    ]
    assert.isFunction(_check)
  })
})
