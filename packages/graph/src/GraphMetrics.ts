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
  description: "Milliseconds that requests waited for the tenant's pace or for a repetition"
})

/**
 * Counts and times one request. Tenants are told apart by their cloud only: their number has no bound.
 *
 * @param contract what is asked
 * @param cloud the name of the tenant's cloud
 */
export const observed =
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

/**
 * Notes that a request waited.
 *
 * @param contract what is asked
 * @param millis how long
 */
export const waited = (contract: GraphContract.GraphContract, millis: number): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(waits, { contract: contract.name }), Duration.millis(millis))
