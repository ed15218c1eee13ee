import type { Graph } from "@atlas/operations"
import type { RunExecutor } from "@atlas/operations/testing"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type { Effect } from "effect"
import type { Console } from "../src/index.ts"
import type { directory } from "../src/directory/index.ts"
import type { graph } from "../src/graph/index.tsx"
import type { intune } from "../src/intune/index.ts"
import type { legacy } from "../src/legacy/index.tsx"

type Forbidden = Graph | RunExecutor
type Needed = Effect.Services<
  ReturnType<typeof Console.make<readonly [typeof directory, typeof graph, typeof intune, typeof legacy]>>
>

describe("rendering", () => {
  it("the viewer, the list, the selector and everything else on the web cannot reach Graph", () => {
    expectTypeOf<Extract<Needed, Forbidden>>().toEqualTypeOf<never>()
    // They do need something, so the check above can fail.
    expectTypeOf<Needed>().not.toEqualTypeOf<never>()
  })
})
