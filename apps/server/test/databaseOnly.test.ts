import type { Graph } from "@atlas/operations"
import type { RunExecutor } from "@atlas/operations/testing"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type { Effect, Layer } from "effect"
import type { makeConfigurationRoutes } from "../src/ConfigurationRoutes.ts"
import type { makeRunRoutes } from "../src/RunRoutes.ts"
import type { makeTenantRoutes } from "../src/TenantRoutes.ts"
import type * as WebApp from "../src/WebApp.ts"

type Forbidden = Graph | RunExecutor

describe("rendering", () => {
  it("the viewer, the list, the selector and everything else on the web cannot reach Graph", () => {
    expectTypeOf<Extract<Effect.Services<typeof makeRunRoutes>, Forbidden>>().toEqualTypeOf<never>()
    expectTypeOf<Extract<Effect.Services<typeof makeTenantRoutes>, Forbidden>>().toEqualTypeOf<never>()
    expectTypeOf<Extract<Effect.Services<typeof makeConfigurationRoutes>, Forbidden>>().toEqualTypeOf<never>()
    expectTypeOf<Extract<Layer.Services<typeof WebApp.layer>, Forbidden>>().toEqualTypeOf<never>()
    // They do need something, so the checks above can fail.
    expectTypeOf<Layer.Services<typeof WebApp.layer>>().not.toEqualTypeOf<never>()
  })
})
