import { AuditLog } from "@atlas/operations"
import { Console, DateTime, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { ledger } from "./CliDatabase.ts"
import { count, json, limit, workspace } from "./flags.ts"
import { table } from "./table.ts"

const list = Command.make(
  "list",
  {
    workspace,
    before: count("before", "Number of the last record shown: list those before it", [0, Number.MAX_SAFE_INTEGER]).pipe(
      Flag.optional
    ),
    limit,
    json
  },
  ({ before, json: asJson, limit: most, workspace: id }) =>
    Effect.gen(function* () {
      const page = { before: Option.getOrNull(Option.map(before, BigInt)), limit: most }
      const records = yield* (yield* AuditLog).list(id, page)
      if (asJson) {
        const plain = records.map((record) => ({ ...record, id: String(record.id), at: DateTime.formatIso(record.at) }))
        return yield* Console.log(JSON.stringify(plain, null, 2))
      }
      if (records.length === 0) return yield* Console.log("There is no audit record.")
      const rows = records.map(({ action, actor, at, id: number, recordId, recordKind, runId, tenantId, type }) => [
        String(number),
        DateTime.formatIso(at).slice(0, 19),
        actor.id,
        action,
        type ?? "",
        tenantId ?? "",
        recordKind === null ? (runId ?? "") : `${recordKind} ${recordId}`
      ])
      yield* Console.log(table(["record", "at (UTC)", "by", "action", "type", "tenant", "about"], rows))
    }).pipe(Effect.provide(ledger))
).pipe(Command.withDescription("List audit records, newest first"))

/** `atlas audit`. */
export const auditCommand = Command.make("audit").pipe(
  Command.withDescription("Read the audit log"),
  Command.withSubcommands([list])
)
