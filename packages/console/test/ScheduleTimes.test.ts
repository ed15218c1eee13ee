import { assert, it } from "@effect/vitest"
import { DateTime } from "effect"
import { formatZoned } from "../src/shell/components/format.ts"

it("writes the time of a schedule as its own clocks show it, with the zone", () => {
  const at = (zone: string) => formatZoned(DateTime.makeUnsafe("2026-07-01T06:00:00Z"), zone)
  assert.strictEqual(at("America/New_York"), "2026-07-01 02:00 America/New_York")
  assert.strictEqual(at("UTC"), "2026-07-01 06:00 UTC")
  // A machine that does not know the zone says at least when it is.
  assert.strictEqual(at("Mars/Olympus"), "2026-07-01 06:00:00 UTC")
})
