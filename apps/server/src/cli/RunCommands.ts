import {
  type Actor,
  nextStepOf,
  type Run,
  RunCancellation,
  type RunFilter,
  RunId,
  RunOutcome,
  RunQueries,
  RunSignals,
  WorkspaceId
} from "@atlas/operations"
import { Console, DateTime, Effect, Option, Schema, Struct } from "effect"
import { Command, Flag } from "effect/cli"
import { SqlClient } from "effect/sql"
import { ledger } from "./CliDatabase.ts"
import { CliProblem } from "./CliProblem.ts"
import { json, limit, runId, text, textArgument } from "./flags.ts"
import { table } from "./table.ts"

const commandLine: Actor = { id: "command-line", kind: "system", name: "atlas command line" }

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

const decodeRunId = Schema.decodeUnknownOption(RunId)

const find = Effect.fnUntraced(function* (id: string) {
  const runId = Option.getOrUndefined(decodeRunId(id))
  const found = runId === undefined ? Option.none<Run>() : yield* (yield* RunQueries).find(runId)
  if (Option.isSome(found)) return found.value
  return yield* new CliProblem({ message: `There is no run ${id}. List the runs with: atlas runs list` })
})

const everything = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const workspaces = yield* sql<{ id: string }>`SELECT id FROM workspaces ORDER BY id`
  return workspaces.map(({ id }) => ({
    workspaceId: WorkspaceId.make(id),
    tenants: "all" as const,
    capabilities: "all" as const
  }))
})

const list = Command.make(
  "list",
  {
    status: Flag.Literals("status", ["queued", "running", "completed", "active"]).pipe(
      Flag.withDescription("active: queued or running"),
      Flag.optional
    ),
    outcome: Flag.Literals("outcome", RunOutcome.literals).pipe(Flag.optional),
    type: text("type", "Operation type").pipe(Flag.optional),
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
      const runs = yield* (yield* RunQueries).list(yield* everything, filter, page)
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
    const events = yield* (yield* RunQueries).events(found, { after: 0, limit: 200 })
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
      yield* Console.log(`\n${count} × ${reasonCode}: ${message}\nNext step: ${nextStepOf(found, failure)}`)
    }
    const rows = events.map(({ at, kind, seq }) => [String(seq), DateTime.formatIso(at).slice(0, 23), kind])
    yield* Console.log(`\n${table(["event", "at (UTC)", "kind"], rows)}`)
  }).pipe(Effect.provide(ledger))
).pipe(Command.withDescription("Show a run and the beginning of its timeline"))

const cancel = Command.make("cancel", { run }, ({ run: id }) =>
  Effect.gen(function* () {
    const found = yield* find(id)
    const signals = yield* RunSignals
    const asked = yield* (yield* RunCancellation).request(found.id, commandLine)
    if (Option.isNone(asked)) {
      const why = found.status === "completed" ? `is completed already: ${found.outcome}` : "was asked to stop already"
      return yield* new CliProblem({ message: `The run ${why}.` })
    }
    yield* signals.stopped(found.id)
    yield* signals.changed(found.id)
    yield* Console.log(
      asked.value.status === "completed" ? "Cancelled." : "Asked to stop: its worker ends it in a moment."
    )
  }).pipe(Effect.scoped, Effect.provide(ledger))
).pipe(Command.withDescription("Cancel a queued or running run"))

/** `atlas runs`. */
export const runsCommand = Command.make("runs").pipe(
  Command.withDescription("List, show and cancel runs"),
  Command.withSubcommands([list, show, cancel])
)
