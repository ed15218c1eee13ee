import { Decoding, type Problems } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { ScheduleChanged, type SeenVersion } from "../backups/ScheduleChanges.ts"

/** A change of a schedule does not say which version it is based on. */
export class PreconditionRequired extends HttpApiError.Problem<PreconditionRequired>()("PreconditionRequired", {
  type: "urn:atlas:problem:precondition-required",
  status: 428,
  title: "Send the ETag of the schedule that you read as If-Match."
}) {}

/** A change of a schedule is based on a version that the schedule never had. Nobody else has to do with that. */
export class ScheduleVersionUnknown extends HttpApiError.Problem<ScheduleVersionUnknown>()(
  "ScheduleVersionUnknown",
  {
    type: "urn:atlas:problem:schedule-version-unknown",
    status: 412,
    title: "The schedule never had the version that was sent."
  },
  {
    /** The version that it has now. */
    version: Schema.Int,
    /** Nothing, as `ScheduleChanged` would tell it. */
    changed: Schema.Array(Schema.String)
  }
) {}

/** Why a change is not made on the condition of its `If-Match`. */
export type IfMatchProblem = PreconditionRequired | Problems.InvalidInput | ScheduleChanged | ScheduleVersionUnknown

const tag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

/** Whether a header is a list of entity tags (RFC 9110, 8.8.3). */
const isList = (header: string) => header.includes('"') && /^[\s,]*$/.test(header.replaceAll(tag, ""))

const malformed = Decoding.invalid(
  "/headers/if-match",
  'Expected the ETag of the schedule as it was sent, in its quotes, such as "3"; several of them with commas; or *'
)

/** The versions that an `If-Match` names, the newest first. Weak tags and those of others name none. */
const versionsIn = (header: string): ReadonlyArray<number> =>
  Array.from(header.matchAll(/(?<!W\/)"(\d{1,9})"/g), ([, version]) => Number(version)).sort((a, b) => b - a)

// A version that no schedule has.
const noVersion = -1

const neverHad = (version: number) =>
  new ScheduleVersionUnknown({
    detail: `It has version ${version} now. It never had the version that was sent. Read it again: its ETag looks like "${version}".`,
    version,
    changed: []
  })

/**
 * Makes a change on the condition of an `If-Match`: that the schedule has any of the versions that it names (RFC 9110, 13.1.1).
 * `change` takes one of them. A refusal says which version the schedule has, and blames nobody for a version that never was.
 */
export const ifMatch = <A, E, R>(
  headers: { readonly "if-match"?: string },
  change: (seen: SeenVersion) => Effect.Effect<A, E | ScheduleChanged, R>
): Effect.Effect<A, E | IfMatchProblem, R> => {
  const given = headers["if-match"]
  if (given === undefined) return Effect.fail(new PreconditionRequired({}))
  if (given.trim() === "*") return change("any")
  if (!isList(given)) return Effect.fail(malformed)
  const versions = versionsIn(given)
  const [newest = noVersion] = versions
  return change(newest).pipe(
    Effect.catchIf(
      (problem): problem is ScheduleChanged => problem instanceof ScheduleChanged,
      (problem): Effect.Effect<A, E | IfMatchProblem, R> => {
        const had = versions.find((version) => version > 0 && version <= problem.version)
        if (had === undefined) return Effect.fail(neverHad(problem.version))
        return had === newest ? Effect.fail(problem) : change(had)
      }
    )
  )
}
