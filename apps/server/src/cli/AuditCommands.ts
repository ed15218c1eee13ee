import { AuditLog, WorkspaceId } from "@atlas/operations"
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { ledger } from "./CliDatabase.ts"
import { json } from "./RunCommands.ts"
import { table } from "./table.ts"

const list = Command.make(
  "list",
  {
    workspace: Flag.String("workspace").pipe(Flag.withDescription("Id of the workspace"), Flag.withSchema(WorkspaceId)),
    before: Flag.Int("before").pipe(
      Flag.withDescription("Number of the last record shown: list those before it"),
      Flag.optional
    ),
    limit: Flag.Int("limit").pipe(
      Flag.withDefault(50),
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000 })))
    ),
    json
  },
  ({ before, json: asJson, limit, workspace }) =>
    Effect.gen(function* () {
      const page = { before: Option.getOrNull(Option.map(before, BigInt)), limit }
      const records = yield* (yield* AuditLog).list(workspace, page)
      if (asJson) {
        const plain = records.map((record) => ({ ...record, id: String(record.id), at: DateTime.formatIso(record.at) }))
        return yield* Console.log(JSON.stringify(plain, null, 2))
      }
      if (records.length === 0) return yield* Console.log("Nothing is on record.")
      const rows = records.map(({ action, actor, at, id, runId, tenantId, type }) => [
        String(id),
        DateTime.formatIso(at).slice(0, 19),
        actor.id,
        action,
        type ?? "",
        tenantId ?? "",
        runId ?? ""
      ])
      yield* Console.log(table(["record", "at (UTC)", "by", "action", "type", "tenant", "run"], rows))
    }).pipe(Effect.provide(ledger))
).pipe(Command.withDescription("List what is on record, newest first"))

/** `atlas audit`. */
export const auditCommand = Command.make("audit").pipe(
  Command.withDescription("Read the audit log"),
  Command.withSubcommands([list])
)
