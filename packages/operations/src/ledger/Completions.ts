/**
 * The ends of runs that workers have executed. Those of the same moment, and those that come while others are on their way, are
 * written by one statement: otherwise small runs would pay for a commit each.
 *
 * @module
 */

import { Effect, Schema } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import { type FailureSummary, writeSummary } from "../run/Failure.ts"
import type { ReasonCode } from "../run/ReasonCode.ts"
import { type Run, RunCounts, type RunId, type RunOutcome } from "../run/Run.ts"
import { sqlText } from "../text/SqlText.ts"
import * as Storable from "../text/Storable.ts"
import { gathering, patience } from "./gathering.ts"
import { change, endData, idsAndEnds } from "./transition.ts"

/** How a run ends. */
export interface Completion {
  readonly outcome: Exclude<RunOutcome, "pending">
  readonly reasonCode: ReasonCode | null
  readonly counts: RunCounts
  /** The whole summary, with what earlier attempts stored. */
  readonly failures: FailureSummary
}

/** The part of a claim that a write must show. */
export type Writer = { readonly run: Pick<Run, "id">; readonly fence: bigint }

/** A completion in the form in which it is bound to a statement. */
interface EncodedCompletion {
  readonly id: RunId
  readonly fence: bigint
  readonly outcome: string
  /** Empty for none. */
  readonly reasonCode: string
  readonly counts: string
  readonly failures: string
}

const writeCounts = Schema.encodeSync(Schema.fromJsonString(RunCounts))

/** Encodes a completion. It throws what cannot be stored. */
export const encodeCompletion = ({ run, fence }: Writer, completion: Completion): EncodedCompletion => ({
  id: run.id,
  fence,
  outcome: completion.outcome,
  reasonCode: Storable.nearest(completion.reasonCode ?? ""),
  counts: writeCounts(completion.counts),
  failures: writeSummary(completion.failures)
})

const completeAll = change({
  makes: {
    transition: "completed",
    set: {
      outcome: sqlText`v.outcome`,
      reason_code: sqlText`nullif(v.reason_code, '')`,
      summary_counts: sqlText`v.counts::jsonb`,
      failure_summary: sqlText`v.failures::jsonb`
    },
    data: endData
  },
  where: sqlText`o.id = v.id`,
  returning: sqlText`${idsAndEnds}, v.place`
})

const patiently = { first: sqlText`${patience}, `, from: sqlText`patience, ` }
const unhurried = { first: sqlText``, from: sqlText`` }

/** Makes the function that completes a run, in one statement with others. It says whether the run was still the writer's. */
export const makeCompletions = (sql: SqlClient.SqlClient) => {
  const complete = (
    ended: ReadonlyArray<EncodedCompletion>,
    { first, from }: { readonly first: Statement.Fragment; readonly from: Statement.Fragment }
  ) => sql<{ accepted: boolean }>`
    WITH ${first}${completeAll(sql`
      SELECT e.* FROM ${from}unnest(${ended.map(({ id }) => id)}::uuid[], ${ended.map(({ fence }) => fence)}::bigint[],
        ${ended.map(({ outcome }) => outcome)}::text[], ${ended.map(({ reasonCode }) => reasonCode)}::text[],
        ${ended.map(({ counts }) => counts)}::text[], ${ended.map(({ failures }) => failures)}::text[]
      ) WITH ORDINALITY AS e (id, fence, outcome, reason_code, counts, failures, place)`)}
    SELECT EXISTS (SELECT FROM r WHERE r.place = v.place) AS accepted FROM r_given v ORDER BY v.place`

  return gathering<EncodedCompletion, boolean>(sql, {
    name: "RunLedger.completeAll",
    // A worker has few slots: two statements would share them, and each would be written for half as many.
    mostOnTheirWay: 1,
    whenIdle: "together",
    together: (ended) => Effect.map(complete(ended, patiently), (rows) => rows.map(({ accepted }) => accepted)),
    alone: (ended) => Effect.map(complete([ended], unhurried), ([row]) => row?.accepted === true)
  })
}
