/**
 * The command line `atlas`, for operators of the server. Whoever runs it holds the database, so it authorises nobody. Whatever
 * goes wrong is answered in sentences, without secrets.
 *
 * @module
 */

import { Problems, Redaction } from "@atlas/operations"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Console, Effect, Option } from "effect"
import { CliOutput, Command, type HelpDoc } from "effect/cli"
import { SqlError } from "effect/sql"
import { failureText } from "../failureText.ts"
import { accountsCommand } from "./AccountCommands.ts"
import { auditCommand } from "./AuditCommands.ts"
import { backupCommand } from "./BackupCommands.ts"
import { doctorCommand, migrateCommand } from "./DatabaseCommands.ts"
import { legacyCommand } from "./LegacyCommands.ts"
import { runsCommand } from "./RunCommands.ts"

const atlas = Command.make("atlas").pipe(
  Command.withDescription(
    "Operate Atlas from the command line, on the database of DATABASE_URL or of a running server"
  ),
  Command.withSubcommands([
    migrateCommand,
    doctorCommand,
    runsCommand,
    auditCommand,
    accountsCommand,
    legacyCommand,
    backupCommand
  ])
)

// The help says by itself which arguments are optional, and nothing of flags.
const withRequired = (doc: HelpDoc.HelpDoc): HelpDoc.HelpDoc => ({
  ...doc,
  flags: doc.flags.map((flag) =>
    flag.required ? { ...flag, description: Option.map(flag.description, (text) => `${text} (required)`) } : flag
  )
})

/** Answers wrong flags with a sentence each, not with the whole help. */
const presenter = CliOutput.layerPresenter({
  present: (event) => {
    if (event._tag === "Help")
      return CliOutput.defaultPresenter.present({ ...event, helpDoc: withRequired(event.helpDoc) })
    return event._tag === "InvalidInvocation"
      ? Effect.forEach(
          event.errors,
          ({ message }) =>
            Console.error(
              `${message.split("\n")[0]?.replace("Schema validation failed: ", "").replace("Expected: Expected", "Expected")}. Try --help.`
            ),
          { discard: true }
        )
      : CliOutput.defaultPresenter.present(event)
  }
})

const isAnswered = (error: unknown) => error instanceof Object && "_tag" in error && error._tag === "ShowHelp"

const sentenceOf = (cause: Cause.Cause<unknown>) => {
  const [error] = cause.reasons.flatMap((reason) =>
    Cause.isFailReason(reason) ? [reason.error] : Cause.isDieReason(reason) ? [reason.defect] : []
  )
  if (isAnswered(error)) return null
  if (error instanceof Problems.InvalidInput)
    return error.errors.map(({ detail, pointer }) => `${pointer.slice(1)}: ${detail}.`).join("\n")
  if (SqlError.isSqlError(error))
    return `The database failed (${error.reason._tag}): check DATABASE_URL, and run atlas doctor.`
  return failureText(
    Cause.map(cause, (failure) => ({ message: failure instanceof Error ? failure.message : String(failure) }))
  )
}

Command.run(atlas, { version: "0.1.0" }).pipe(
  Effect.tapCause((cause) => {
    const sentence = sentenceOf(cause)
    return sentence === null ? Effect.void : Console.error(Redaction.redact(sentence))
  }),
  Effect.provide([NodeServices.layer, presenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
