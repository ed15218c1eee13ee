/**
 * What statements look up and read, by the names that `Watched` gives them. A statement that a scenario named a case for is looked for
 * under the whole name first, then without the case. All statements of a name together use each of these, and nothing else:
 *
 * - an index in which something is looked up
 * - `all of …`, for a table or an index that is read from end to end; `wholes` says why it may be
 * - `one | another`, where the choice is the planner's and either is right
 */
export type Expected = Readonly<Record<string, ReadonlyArray<string>>>

/** For statements that look nothing up. */
export const onlyWrites: ReadonlyArray<string> = []
