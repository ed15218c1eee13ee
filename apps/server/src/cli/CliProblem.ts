import { Data } from "effect"

/** Why a command did nothing, or not all. The message says it, in sentences. */
export class CliProblem extends Data.TaggedError("CliProblem")<{ readonly message: string }> {}
