import { Data } from "effect"

/** A command did nothing, or not everything. The message says why, in sentences. */
export class CliProblem extends Data.TaggedError("CliProblem")<{ readonly message: string }> {}
