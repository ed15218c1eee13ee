import { defaultGraphLimits, GraphLimits } from "@atlas/graph"
import { Layer } from "effect"

/** A Graph client that repeats what failed almost at once. Its time limits stay as they are: they only end what hangs. */
export const promptGraph: Layer.Layer<never> = Layer.succeed(GraphLimits, {
  ...defaultGraphLimits,
  retryBase: "1 milli"
})
