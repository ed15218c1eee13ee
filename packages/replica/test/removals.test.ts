import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Random } from "effect"
import { SqlClient } from "effect/sql"
import { sqlText } from "@atlas/operations"
import { RemovalGuard } from "../src/index.ts"
import { guardedShare, mostRemovals } from "../src/removals.ts"

/** What may go from collections of these sizes. */
const most = Effect.fnUntraced(function* (sizes: ReadonlyArray<number>, share: number, confirmed = 0) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ most: number }>`
    SELECT floor(${mostRemovals(sql, sqlText`size`, { share, confirmed })})::int AS most
    FROM json_array_elements_text(${JSON.stringify(sizes)}::json) WITH ORDINALITY AS t(s, n), LATERAL (SELECT s::int AS size) AS x
    ORDER BY n`
  return rows.map((row) => row.most)
})

const small = Array.from({ length: 200 }, (_, size) => size)
const shares = [0.001, 0.1, 0.25, 1 / 3, 0.5, 0.9, 0.999]

layer(TestDatabase.layer, { excludeTestServices: true })("what goes without a person's confirmation", (it) => {
  it.effect("is never all that there is, and one object wherever another is left", () =>
    Effect.gen(function* () {
      const large = yield* Effect.forEach(small, () => Random.nextIntBetween(200, 100_000_000))
      for (const share of shares) {
        const sizes = [...small, ...large]
        for (const [at, allowed] of (yield* most(sizes, share)).entries()) {
          const size = sizes[at] ?? 0
          if (size > 0) assert.isBelow(allowed, size, `${allowed} of ${size} at ${share}`)
          if (size >= 2) assert.isAtLeast(allowed, 1, `${allowed} of ${size} at ${share}`)
          assert.isAtLeast(allowed, 0)
        }
      }
    })
  )

  it.effect("is no more than the share, but for that one", () =>
    Effect.gen(function* () {
      for (const share of shares) {
        for (const [size, allowed] of (yield* most(small, share)).entries()) {
          assert.isAtMost(allowed, Math.max(1, size * share), `${allowed} of ${size} at ${share}`)
        }
      }
      assert.deepStrictEqual(yield* most([0, 1, 2, 3, 4, 7, 8, 100, 101], 0.25), [0, 0, 1, 1, 1, 1, 2, 25, 25])
    })
  )

  it.effect("is no fewer in a larger collection, or at a larger share", () =>
    Effect.gen(function* () {
      let before = small.map(() => 0)
      for (const share of [0, ...shares, 1]) {
        const allowed = yield* most(small, share)
        for (const [at, each] of allowed.entries()) {
          assert.isAtLeast(each, before[at] ?? 0)
          if (at > 0) assert.isAtLeast(each, allowed[at - 1] ?? 0)
        }
        before = allowed
      }
    })
  )

  it.effect("is nothing at a share of 0, and everything at a share of 1", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* most(small, 0),
        small.map(() => 0)
      )
      assert.deepStrictEqual(yield* most(small, 1), small)
    })
  )

  it.effect("is what a person has confirmed, where that is more, be it all", () =>
    Effect.gen(function* () {
      for (const confirmed of [1, 3, 50, 300]) {
        const alone = yield* most(small, 0.25)
        assert.deepStrictEqual(
          yield* most(small, 0.25, confirmed),
          alone.map((each) => Math.max(each, confirmed))
        )
      }
    })
  )

  it.effect("is a quarter by default, and a defect where the host's share is none", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* guardedShare, 0.25)
      for (const share of [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY, "0.5"]) {
        const exit = yield* Effect.exit(Effect.provideService(guardedShare, RemovalGuard, share as number))
        assert.isTrue(Exit.hasDies(exit), String(share))
      }
    })
  )
})
