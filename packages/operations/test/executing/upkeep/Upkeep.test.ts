import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { RunExecutor } from "../../../src/executing/RunExecutor.ts"
import * as Upkeep from "../../../src/executing/upkeep/Upkeep.ts"
import { RunGauges } from "../../../src/ledger/reads/RunGauges.ts"
import { RunHours } from "../../../src/ledger/reads/RunHours.ts"
import { RunRetention } from "../../../src/ledger/RunRetention.ts"
import { RunSignals } from "../../../src/ledger/RunSignals.ts"
import { RunSweeps } from "../../../src/ledger/RunSweeps.ts"
import { WorkerRegistry } from "../../../src/ledger/WorkerRegistry.ts"

const down = Effect.die(new Error("connection refused"))

const withoutDatabase = Layer.mergeAll(
  Layer.mock(RunExecutor, { worker: "w", types: [] }),
  Layer.mock(RunGauges, { measure: down }),
  Layer.mock(RunHours, { count: down }),
  Layer.mock(RunRetention, { remove: down }),
  Layer.mock(RunSignals, {}),
  Layer.mock(RunSweeps, {}),
  Layer.mock(WorkerRegistry, { announce: () => down, stop: () => Effect.void })
)

const loops = [
  "Could not announce this worker and end abandoned runs; trying again",
  "Could not count ended runs; trying again",
  "Could not measure active runs; trying again",
  "Could not remove runs beyond their retention; trying again"
]

it.effect("says by its name what failed, and tries again", () =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const log = Logger.layer([Logger.make(({ message }) => void lines.push(String([message].flat()[0])))])
    yield* Layer.build(Layer.provide(Upkeep.layer, [withoutDatabase, log]))
    yield* TestClock.adjust("1 millis")
    assert.sameMembers(lines, loops)
    yield* TestClock.adjust("10 seconds")
    assert.sameMembers(lines, [...loops, ...loops.slice(0, 3)])
    yield* TestClock.adjust("5 minutes")
    assert.deepStrictEqual(new Set(lines), new Set(loops))
    assert.lengthOf(
      lines.filter((line) => line === loops[3]),
      2
    )
  })
)
