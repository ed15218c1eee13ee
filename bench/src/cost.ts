import { setTimeout as pause } from "node:timers/promises"
import type { Contestant } from "./Contestant.ts"
import type { Postgres } from "./Postgres.ts"

/** What work cost the database. */
export interface Cost {
  readonly statements: number
  /** Those that write, and so wait for the disk. */
  readonly commits: number
  readonly walBytes: number
}

const track = async ({ admin }: Postgres, what: "none" | "top") => {
  await admin.query(`ALTER SYSTEM SET pg_stat_statements.track = '${what}'`)
  await admin.query("SELECT pg_stat_statements_reset(), pg_reload_conf()")
  await pause(100)
}

const walPosition = async ({ admin }: Postgres) => {
  const [row] = await admin.query<{ readonly lsn: string }>("SELECT pg_current_wal_insert_lsn()::text AS lsn")
  return row!.lsn
}

/** Counts what some work costs. Nothing else may write to the server meanwhile. */
export const measureCost = async (
  postgres: Postgres,
  { database }: Pick<Contestant, "database">,
  work: () => Promise<unknown>
): Promise<Cost> => {
  await track(postgres, "top")
  const from = await walPosition(postgres)
  await work()
  const to = await walPosition(postgres)
  // The log is the one exact count of commits: the statistics lag behind. Our own questions whether all is done are left out.
  const [cost] = await postgres.admin.query<Cost>(`
    SELECT
      (SELECT coalesce(sum(calls), 0)::float8 FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
        WHERE d.datname = '${new URL(database.url).pathname.slice(1)}' AND s.query NOT LIKE '%count(*)::int AS n%') AS statements,
      (SELECT count(*)::float8 FROM pg_get_wal_records_info('${from}', '${to}')
        WHERE resource_manager = 'Transaction' AND record_type LIKE 'COMMIT%') AS commits,
      ('${to}'::pg_lsn - '${from}')::float8 AS "walBytes"`)
  await track(postgres, "none")
  return cost!
}
