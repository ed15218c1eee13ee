import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Visible } from "../../src/access/Access.ts"
import { type Capability, Runs, WorkspaceId } from "../../src/index.ts"
import { RunHours } from "../../src/ledger/reads/RunHours.ts"
import { RunQueries } from "../../src/ledger/reads/RunQueries.ts"
import { adatum, contoso, fabrikam, ledger, operator, outsider, Work } from "../Fixture.ts"

const capabilities: ReadonlyArray<Capability> = ["tenant.work.view"]
const part = (workspace: string, tenants: Visible["tenants"] = "all"): Visible => ({
  workspaceId: WorkspaceId.make(workspace),
  tenants,
  capabilities
})
const page = { before: null, limit: 10 }

/** The runs of `contoso`, `fabrikam` and `adatum`, oldest first. */
const started = Effect.gen(function* () {
  const runs = yield* Runs
  const start = (actor: typeof operator, tenantId: string) =>
    Effect.map(runs.start(actor, Work, { tenantId, input: { key: "queries" } }), ({ run }) => run.id)
  return yield* Effect.all([start(operator, contoso), start(operator, fabrikam), start(outsider, adatum)])
})

const queries = Layer.mergeAll(RunQueries.layer, RunHours.layer).pipe(Layer.provideMerge(ledger))

layer(queries, { excludeTestServices: true })("RunQueries", (it) => {
  it.effect("answers somebody who may see more workspaces than a statement can have parameters", () =>
    Effect.gen(function* () {
      const { among, list, tally } = yield* RunQueries
      const ids = yield* started
      const visible = [...Array.from({ length: 70_000 }, (_, n) => part(`w${n}`)), part("northwind", [contoso])]
      const idsOf = (runs: ReadonlyArray<{ readonly id: string }>) => runs.map(({ id }) => id)
      assert.deepStrictEqual(idsOf(yield* list(visible, {}, page)), [ids[0]])
      assert.deepStrictEqual(idsOf(yield* list(visible, { tenant: contoso }, page)), [ids[0]])
      assert.deepStrictEqual(idsOf(yield* among(visible, ids)), [ids[0]])
      assert.deepStrictEqual(yield* tally(visible, {}), { queued: 1, running: 0 })
      assert.deepStrictEqual(yield* RunHours.use(({ ended }) => ended(visible, null, 24)), [])
    })
  )

  it.effect("merges the newest runs of workspaces and of single tenants", () =>
    Effect.gen(function* () {
      const { list } = yield* RunQueries
      const ids = yield* started
      const visible = [part("northwind", [contoso, fabrikam]), part("fourth-coffee")]
      const newest = (yield* list(visible, {}, { before: null, limit: 2 })).map(({ id }) => id)
      assert.deepStrictEqual(newest, [ids[2], ids[1]])
      const older = (yield* list(visible, {}, { before: newest[1]!, limit: 2 })).map(({ id }) => id)
      assert.deepStrictEqual(older, [ids[0]])
      assert.deepStrictEqual(yield* list([{ ...part("northwind"), capabilities: ["tenant.other.view"] }], {}, page), [])
      assert.deepStrictEqual(yield* list([], {}, page), [])
    })
  )
})
