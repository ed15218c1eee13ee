import { sqlText, type TenantScope } from "@atlas/operations"
import type { SqlClient, Statement } from "effect/sql"
import { type Collection, type Property, propertyTypes } from "./Collection.ts"

type Fragment = Statement.Fragment

/** The parts of a collection's statements. All are constant SQL, except for the tenant. */
export const makeLayout = (sql: SqlClient.SqlClient, { member, name, properties, tables }: Collection) => {
  const all = Object.entries(properties)
  const list = (write: (column: Fragment, property: Property) => Fragment, of = all) =>
    sqlText.join(
      sqlText`, `,
      of.map(([column, property]) => write(sqlText.word(column), property))
    )
  const differing = (of: typeof all) =>
    sqlText`(${list((column) => column, of)}) IS DISTINCT FROM (${list((column) => sqlText`(old).${column}`, of)})`
  const quiet = all.filter(([, property]) => property.quiet === true)
  const loud = all.filter(([, property]) => property.quiet !== true)

  const inTenant = ({ tenantId, workspaceId }: TenantScope) =>
    sql`workspace_id = ${workspaceId} AND tenant_id = ${tenantId}`
  const memberKey = member === null ? sqlText`` : sqlText`${member}, `
  return {
    ...tables,
    /** The columns that a copy writes. */
    columns: list((column) => column),
    /** The same with their types, for a record of JSON. */
    typedColumns: list((column, { type }) => sqlText`${column} ${propertyTypes[type]}`),
    /** The columns of a patch; what it does not give stays as it was. */
    merged: list(
      (column, property) => sqlText`coalesce(
        CASE WHEN whole AND first OR '${column}' = ANY (given) THEN ${column} ELSE (old).${column} END,
        ${property.unset}) AS ${column}`
    ),
    excluded: list((column) => sqlText`${column} = excluded.${column}`),
    /** Whether an object differs from its row. */
    changes: differing(loud),
    /** Whether a row must be written although its object is the same. */
    isStale: quiet.length === 0 ? sqlText`false` : differing(quiet),
    /** The columns of an object's key, and the values before its id. */
    key: sqlText`workspace_id, tenant_id, ${memberKey}id`,
    keyOf: ({ tenantId, workspaceId }: TenantScope) =>
      member === null ? sql`${workspaceId}, ${tenantId}` : sql`${workspaceId}, ${tenantId}, ${name}`,
    /** The collection's objects. */
    objectsOf: (tenant: TenantScope) =>
      member === null ? inTenant(tenant) : sql`${inTenant(tenant)} AND ${member} = ${name}`,
    /** The collection's row in the table of rounds, and its rows among the sightings. */
    collectionOf: (tenant: TenantScope) => sql`${inTenant(tenant)} AND collection = ${name}`
  }
}

/** The parts of a collection's statements. */
export type TableLayout = ReturnType<typeof makeLayout>
