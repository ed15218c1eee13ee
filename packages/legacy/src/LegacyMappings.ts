/**
 * The mappings of old records to runs: once mapped, a record is shown as its run. Trusted code calls the service, such as a
 * command line or a script; it authorises nobody.
 *
 * @module
 */

import { Decoding, type Problems, Uuid, Storable } from "@atlas/operations"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type LegacyKind, legacyKinds, LegacyTable } from "./LegacyKind.ts"

const LegacyMapping = Schema.Struct({ table: LegacyTable, id: Storable.Text, runId: Uuid })
/** An old record, and the run that it is shown as. */
export type LegacyMapping = typeof LegacyMapping.Type

/** Why a record cannot be shown as a run. */
export interface LegacyMisfit {
  /** The index of the mapping in what was given. */
  readonly index: number
  /** For people, in lower case and without a full stop. */
  readonly problem: string
}

/**
 * Maps old records to runs. Database failures are defects.
 *
 * @example
 * ```ts
 * const misfits = LegacyMappings.use((mappings) =>
 *   mappings.map([{ table: "backup_schedule_runs", id: record, runId }], { dryRun: true })
 * )
 * ```
 */
export class LegacyMappings extends Context.Service<
  LegacyMappings,
  {
    /**
     * Maps records to runs of the same tenant and operation: all of them, or none if one does not fit. Returns those that do
     * not fit.
     *
     * @param options `dryRun` writes nothing
     */
    map(
      mappings: ReadonlyArray<LegacyMapping>,
      options: { readonly dryRun: boolean }
    ): Effect.Effect<ReadonlyArray<LegacyMisfit>, Problems.InvalidInput>
    /** Proposes mappings of unmapped records: those that the context of exactly one run names as `legacyId`. */
    readonly matches: Effect.Effect<ReadonlyArray<LegacyMapping>>
  }
>()("@atlas/legacy/LegacyMappings") {
  static readonly layer: Layer.Layer<LegacyMappings, never, SqlClient.SqlClient> = Layer.effect(
    LegacyMappings,
    Effect.suspend(() => make)
  )
}

const decodeMap = Decoding.argumentsOf(
  Schema.Struct({ mappings: Schema.Array(LegacyMapping), options: Schema.Struct({ dryRun: Schema.Boolean }) })
)

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  /** The mappings of one table as JSON, each with its index in what was given. */
  const rowsOf = (mappings: ReadonlyArray<LegacyMapping>, name: LegacyTable) =>
    JSON.stringify(mappings.flatMap(({ id, runId: run, table }, index) => (table === name ? [{ index, id, run }] : [])))

  // Both must exist and be of the same tenant and operation.
  const findMisfits = Effect.fn("LegacyMappings.findMisfits")(
    (mappings: ReadonlyArray<LegacyMapping>, { table: name, type }: LegacyKind) => sql<LegacyMisfit>`
      SELECT * FROM (
        SELECT w.index, CASE WHEN t.id IS NULL THEN 'there is no record ' || w.id
          WHEN r.id IS NULL THEN 'there is no run ' || w.run
          WHEN r.type <> ${type} THEN 'the run is of the operation ' || r.type
          WHEN r.tenant_id IS DISTINCT FROM t.tenant_id::text THEN 'the run is of another tenant' END AS problem
        FROM json_to_recordset(${rowsOf(mappings, name)}::json) AS w(index int, id text, run text)
          LEFT JOIN ${sql(name)} t ON t.id::text = w.id LEFT JOIN operation_runs r ON r.id = w.run::uuid
      ) checked WHERE problem IS NOT NULL`
  )

  const store = Effect.fn("LegacyMappings.store")(
    (mappings: ReadonlyArray<LegacyMapping>, { table: name }: LegacyKind) => sql`
      UPDATE ${sql(name)} t SET operation_run_id = w.run::uuid
      FROM json_to_recordset(${rowsOf(mappings, name)}::json) AS w(id text, run text) WHERE t.id::text = w.id`
  )

  // The context of a run names the record that it continues. If several do, nobody can tell which one it is.
  const findMatches = Effect.fn("LegacyMappings.findMatches")(
    ({ table: name, type }: LegacyKind) => sql<LegacyMapping>`
      SELECT ${name} AS table, t.id::text AS id, min(r.id::text) AS "runId"
      FROM ${sql(name)} t JOIN operation_runs r
        ON r.type = ${type} AND r.tenant_id = t.tenant_id::text AND r.context ->> 'legacyId' = t.id::text
      WHERE t.operation_run_id IS NULL GROUP BY t.id HAVING count(*) = 1 ORDER BY t.id`
  )

  const map = Effect.fn("LegacyMappings.map")(function* (
    givenMappings: ReadonlyArray<LegacyMapping>,
    givenOptions: { readonly dryRun: boolean }
  ) {
    const { mappings, options } = yield* decodeMap({ mappings: givenMappings, options: givenOptions })
    return yield* Effect.gen(function* () {
      const found = (yield* Effect.forEach(legacyKinds, (kind) => findMisfits(mappings, kind))).flat()
      if (found.length === 0 && !options.dryRun) {
        yield* Effect.forEach(legacyKinds, (kind) => store(mappings, kind), { discard: true })
      }
      return found.toSorted((a, b) => a.index - b.index)
    }).pipe(sql.withTransaction, Effect.orDie)
  })

  const matches = Effect.forEach(legacyKinds, findMatches).pipe(
    Effect.map((found) => found.flat()),
    Effect.orDie
  )

  return LegacyMappings.of({ map, matches })
})
