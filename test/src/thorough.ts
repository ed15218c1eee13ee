/**
 * How often a property is tried: with `ATLAS_TEST_THOROUGH=true`, as `.ci/run` sets it for a part of its own, far more often than while
 * one works.
 */
export const thorough = (times: { readonly usually: number; readonly thoroughly: number }): number =>
  process.env["ATLAS_TEST_THOROUGH"] === "true" ? times.thoroughly : times.usually
