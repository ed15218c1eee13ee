import { NextStep, type Run, type RunFilter, RunOutcome, SystemRuns } from "@atlas/operations"
import { Console, DateTime, Effect, Option, Struct } from "effect"
import { Command, Flag } from "effect/cli"
import { ledger } from "./CliDatabase.ts"
import { CliProblem } from "./CliProblem.ts"
import { json, limit, runId, text, textArgument } from "./flags.ts"
import { table } from "./table.ts"

const state = (run: Run) => (run.status === "completed" ? run.outcome : run.status)
const printed = [
  "id",
  "type",
  "workspaceId",
  "tenantId",
  "status",
  "outcome",
  "reasonCode",
  "actor",
  "attempt",
  "summaryCounts",
  "failureSummary"
] as const
const printable = (run: Run) => ({
  ...Struct.pick(run, printed),
  queuedAt: DateTime.formatIso(run.queuedAt),
  completedAt: run.completedAt === null ? null : DateTime.formatIso(run.completedAt)
})

const find = Effect.fnUntraced(function* (id: string) {
  const found = yield* SystemRuns.use((runs) => runs.find(id))
  if (Option.isSome(found)) return found.value
  return yield* new CliProblem({ message: `There is no run ${id}. List the runs with: atlas runs list` })
})

const list = Command.make(
  "list",
  {
    status: Flag.Literals("status", ["queued", "running", "completed", "active"]).pipe(
      Flag.withDescription("active: queued or running"),
      Flag.optional
    ),
    outcome: Flag.Literals("outcome", RunOutcome.literals).pipe(Flag.optional),
    type: text("type", "Operation").pipe(Flag.optional),
    tenant: text("tenant", "Id of a tenant").pipe(Flag.optional),
    actor: text("actor", "Id of who started it").pipe(Flag.optional),
    reason: text("reason", "Reason code").pipe(Flag.optional),
    before: runId("before", "Id of the last run shown: list those before it").pipe(Flag.optional),
    limit,
    json
  },
  ({ actor, before, json: asJson, limit: most, outcome, reason, status, tenant, type }) =>
    Effect.gen(function* () {
      const filter: RunFilter = {
        status: Option.getOrUndefined(status),
        outcome: Option.getOrUndefined(outcome),
        type: Option.getOrUndefined(type),
        tenant: Option.getOrUndefined(tenant),
        actor: Option.getOrUndefined(actor),
        reasonCode: Option.getOrUndefined(reason)
      }
      const page = { before: Option.getOrNull(before), limit: most }
      const runs = yield* SystemRuns.use((ledger) => ledger.list(filter, page))
      if (asJson) return yield* Console.log(JSON.stringify(runs.map(printable), null, 2))
      if (runs.length === 0) return yield* Console.log("No run matches.")
      const rows = runs.map((run) => [
        run.id,
        run.type,
        run.tenantId ?? run.workspaceId,
        state(run),
        run.reasonCode ?? "",
        run.actor.id,
        DateTime.formatIso(run.queuedAt).slice(0, 19)
      ])
      yield* Console.log(table(["run", "type", "tenant", "state", "reason", "by", "requested (UTC)"], rows))
    }).pipe(Effect.provide(ledger))
).pipe(Command.withDescription("List runs, newest first"))

const run = textArgument("run", "Id of the run")

const show = Command.make("show", { run, json }, ({ json: asJson, run: id }) =>
  Effect.gen(function* () {
    const found = yield* find(id)
    const events = yield* SystemRuns.use((runs) => runs.events(found.id, { after: 0, limit: 200 }))
    if (asJson) return yield* Console.log(JSON.stringify(printable(found), null, 2))
    const counts = Object.entries(found.summaryCounts).map(([name, count]) => `${name} ${count}`)
    yield* Console.log(
      table(
        ["run", found.id],
        [
          ["type", found.type],
          ["tenant", found.tenantId ?? `all of ${found.workspaceId}`],
          ["state", state(found)],
          ["reason", found.reasonCode ?? "–"],
          ["started by", found.actor.name],
          ["attempt", `${found.attempt} failed of ${found.maxAttempts}`],
          ["counts", counts.join(", ") || "–"]
        ]
      )
    )
    for (const failure of found.failureSummary) {
      const { count, message, reasonCode } = failure
      yield* Console.log(`\n${count} × ${reasonCode}: ${message}\nNext step: ${NextStep.ofFailure(found, failure)}`)
    }
    const rows = events.map(({ at, kind, seq }) => [String(seq), DateTime.formatIso(at).slice(0, 23), kind])
    yield* Console.log(`\n${table(["event", "at (UTC)", "kind"], rows)}`)
  }).pipe(Effect.provide(ledger))
).pipe(Command.withDescription("Show a run and the beginning of its timeline"))

const cancel = Command.make("cancel", { run }, ({ run: id }) =>
  Effect.gen(function* () {
    const found = yield* find(id)
    const asked = yield* SystemRuns.use((runs) => runs.cancel("command-line", found.id)).pipe(
      Effect.catchTag("RunConflict", ({ runOutcome }) =>
        Effect.fail(new CliProblem({ message: `The run is completed already: ${runOutcome}.` }))
      )
    )
    yield* Console.log(asked.status === "completed" ? "Cancelled." : "Asked to stop. Its worker ends it in a moment.")
  }).pipe(Effect.provide(ledger))
).pipe(Command.withDescription("Cancel a queued or running run"))

/** `atlas runs`. */
export const runsCommand = Command.make("runs").pipe(
  Command.withDescription("List, show and cancel runs"),
  Command.withSubcommands([list, show, cancel])
)
