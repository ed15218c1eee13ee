import { type RunId, sqlText } from "@atlas/operations"
import { type Change, type Collection, unset } from "@atlas/replica"
import type { PolicyRecord } from "../policies/PolicyRecord.ts"
import type { PolicySource } from "../policies/PolicySource.ts"

const properties: Collection["properties"] = {
  type: { type: "text", unset: unset.nothing },
  title: { type: "text", unset: unset.id },
  content_hash: { type: "bytea", unset: unset.nothing },
  assignments_hash: { type: "bytea", unset: unset.nothing },
  // What derives from these, or says nothing of what the policy does.
  finding: { type: "text", unset: unset.nothing, quiet: true },
  odata_type: { type: "text", unset: unset.nothing, quiet: true },
  folded_title: { type: "text", unset: unset.foldedId, quiet: true },
  platform: { type: "text", unset: unset.nothing, quiet: true },
  scope_tags: { type: "texts", unset: unset.nothing, quiet: true },
  last_modified: { type: "timestamptz", unset: unset.nothing, quiet: true },
  assignment_count: { type: "integer", unset: unset.nothing, quiet: true },
  // No change sets it, so each round does.
  seen_at: { type: "timestamptz", unset: unset.now, quiet: true },
  seen_run: { type: "uuid", unset: unset.nothing, quiet: true }
}

/** Describes to the replica how the policies of a collection are copied. All collections share a table. */
export const policyCollection = ({ name }: PolicySource): Collection => ({
  name,
  tables: { objects: sqlText`policies`, rounds: sqlText`inventory_sources`, sightings: sqlText`inventory_sightings` },
  member: sqlText`source`,
  properties,
  ginIndex: null
})

const hex = (hash: string | null) => (hash === null ? null : `\\x${hash}`)

/** What a run that saw a policy tells the replica. */
export const changeOf = (record: PolicyRecord, run: RunId): Change => ({
  id: record.id,
  set: {
    type: record.type,
    title: record.title,
    content_hash: hex(record.contentHash),
    assignments_hash: hex(record.assignmentsHash),
    finding: record.finding,
    odata_type: record.odataType,
    folded_title: record.foldedTitle,
    platform: record.platform,
    scope_tags: record.scopeTags,
    last_modified: record.lastModified,
    assignment_count: record.assignmentCount,
    seen_run: run
  }
})
