import {
  GraphCursor,
  type Run,
  type RunCounts,
  type RunHandler,
  RunId,
  sqlText,
  TenantId,
  WorkspaceId
} from "@atlas/operations"
import { Effect, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { type Change, type Collection, type Page, type Source, unset } from "../src/index.ts"

/** A tenant that no other test uses. */
export const newTenant = () => ({
  workspaceId: WorkspaceId.make("northwind"),
  tenantId: TenantId.make(SecureRandom.uuidV4Unsafe())
})
type Tenant = ReturnType<typeof newTenant>

/** Two collections in one table; `note` differs without making an object another. */
export const shelf = (name: "apples" | "pears"): Collection => ({
  name,
  tables: { objects: sqlText`fruits`, rounds: sqlText`fruit_rounds`, sightings: sqlText`fruit_sightings` },
  member: sqlText`shelf`,
  properties: {
    title: { type: "text", unset: unset.id },
    note: { type: "text", unset: unset.nothing, quiet: true }
  },
  ginIndex: null
})

/** Their tables. */
export const createTables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE fruits (
      workspace_id text NOT NULL, tenant_id text NOT NULL, shelf text NOT NULL, id text NOT NULL, title text NOT NULL,
      note text, seen_round integer, changed_at timestamptz NOT NULL, removed_at timestamptz, removal text,
      PRIMARY KEY (workspace_id, tenant_id, shelf, id))`
  yield* sql`
    CREATE TABLE fruit_rounds (
      workspace_id text NOT NULL, tenant_id text NOT NULL, collection text NOT NULL, run_id uuid,
      completed_at timestamptz, size integer NOT NULL DEFAULT 0, withheld integer, delta_cursor text, delta_contract text,
      round integer NOT NULL DEFAULT 1, round_run uuid, round_kind text, round_cursor text, round_seen integer,
      round_staged integer, PRIMARY KEY (workspace_id, tenant_id, collection))`
  yield* sql`
    CREATE UNLOGGED TABLE fruit_sightings (
      workspace_id text NOT NULL, tenant_id text NOT NULL, collection text NOT NULL, id text NOT NULL, removal text,
      PRIMARY KEY (workspace_id, tenant_id, collection, id))`
})

/** A run of a tenant, as its handler sees it, with what it says. */
export const newRun = Effect.fnUntraced(function* (tenant: Tenant) {
  const sql = yield* SqlClient.SqlClient
  const failures: Array<{ readonly reasonCode: string; readonly message: string; readonly item?: string }> = []
  const transaction = ((work: Effect.Effect<unknown>, _counts?: (result: unknown) => RunCounts) =>
    sql
      .withTransaction(work)
      .pipe(Effect.catchTag("SqlError", Effect.die))) as RunHandler.RunContext<unknown>["transaction"]
  const run = {
    run: { id: RunId.make(SecureRandom.uuidV7Unsafe()), summaryCounts: {} } as Run,
    scope: tenant,
    failed: (failure: (typeof failures)[number]) => Effect.sync(() => void failures.push(failure)),
    transaction
  }
  return { run, failures, tally: { counts: {} as RunCounts } }
})

/** A listing, in pages of two, that has no place to go on from. */
export const listing = (
  objects: Readonly<Record<string, string>>,
  more: Partial<Source & { note: string }> = {}
): Source => {
  const changes = Object.entries(objects).map(([id, title]): Change => ({
    id,
    set: { title, ...(more.note === undefined ? {} : { note: more.note }) }
  }))
  const pages: Array<Page> = []
  for (let at = 0; at < Math.max(changes.length, 1); at += 2) {
    pages.push({ changes: changes.slice(at, at + 2), cursor: null, isLast: at + 2 >= changes.length })
  }
  return { noun: "fruits", history: null, count: null, pages: () => Stream.fromIterable(pages), ...more }
}

/** The place after a page. */
export const cursor = (text: string) => GraphCursor.make(text)

/** What is stored of a tenant's shelf. */
export const stored = Effect.fnUntraced(function* ({ tenantId }: Tenant, name: "apples" | "pears" = "apples") {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: string; title: string }>`
    SELECT id, title FROM fruits WHERE tenant_id = ${tenantId} AND shelf = ${name} AND removed_at IS NULL ORDER BY id`
  return Object.fromEntries(rows.map(({ id, title }) => [id, title]))
})
