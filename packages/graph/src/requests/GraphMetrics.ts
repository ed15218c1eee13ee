/**
 * The live client's metrics. Labels name contracts and clouds, never tenants: their number has no bound.
 *
 * @module
 */
import { type GraphContract, GraphError } from "@atlas/operations"
import { Clock, Duration, Effect, Exit, Metric } from "effect"

const requests = Metric.counter("atlas_graph_requests_total", {
  description: "Requests to Microsoft Graph, by contract, cloud and reason (ok: answered)",
  incremental: true
})

const durations = Metric.timer("atlas_graph_request_duration", {
  description: "Milliseconds from sending a request to the last byte of its answer"
})

const waits = Metric.timer("atlas_graph_wait_duration", {
  description: "Milliseconds that requests waited for the tenant's pace or for a retry"
})

/** Counts and times one request to the cloud of this name. */
export const measured =
  (contract: GraphContract.GraphContract, cloud: string) =>
  <A, R>(request: Effect.Effect<A, GraphError, R>): Effect.Effect<A, GraphError, R> =>
    Effect.gen(function* () {
      const begun = yield* Clock.currentTimeMillis
      const exit = yield* Effect.exit(request)
      const labels = { contract: contract.name, cloud }
      const took = Duration.millis((yield* Clock.currentTimeMillis) - begun)
      yield* Metric.update(Metric.withAttributes(durations, labels), took)
      yield* Metric.update(Metric.withAttributes(requests, { ...labels, reason: reasonOf(exit) }), 1)
      return yield* exit
    })

const reasonOf = (exit: Exit.Exit<unknown, GraphError>): string =>
  Exit.match(exit, {
    onSuccess: () => "ok",
    onFailure: (cause) =>
      cause.reasons.flatMap((reason) => (reason._tag === "Fail" ? [reason.error.reasonCode] : []))[0] ?? "interrupted"
  })

/** Records that a request waited. */
export const waited = (contract: GraphContract.GraphContract, millis: number): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(waits, { contract: contract.name }), Duration.millis(millis))
