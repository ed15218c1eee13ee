import { readFileSync } from "node:fs"
import { availableParallelism, cpus, release, totalmem, type } from "node:os"
import type { Postgres } from "./Postgres.ts"

/** Where and with what was measured. */
export interface Host {
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Versions by name. */
  readonly packages: Readonly<Record<string, string>>
}

/** A host with a Postgres. */
export interface Machine extends Host {
  readonly postgres: string
  /** What says how durable a commit is, and what differs from Postgres' defaults. */
  readonly postgresSettings: Readonly<Record<string, string>>
}

const shown = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "shared_buffers",
  "max_wal_size",
  "checkpoint_timeout"
]

const packages = ["effect", "@effect/sql-pg", "graphile-worker", "pg-boss"]

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")).version

/**
 * Reads it off this machine.
 *
 * @param names the packages whose versions matter
 */
export const describeHost = (names: ReadonlyArray<string>): Host => ({
  date: new Date().toISOString().slice(0, 10),
  processor: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
  node: process.versions.node,
  packages: Object.fromEntries(names.map((name) => [name, versionOf(name)]))
})

/** Reads it all off this machine and its Postgres. */
export const describeMachine = async ({ admin }: Postgres): Promise<Machine> => {
  const settings = await admin.query<{ readonly name: string; readonly value: string }>(
    `SELECT name, current_setting(name) AS value FROM pg_settings WHERE name IN (${shown.map((name) => `'${name}'`).join()})`
  )
  const [version] = await admin.query<{ readonly server_version: string }>("SHOW server_version")
  return {
    ...describeHost(packages),
    postgres: version!.server_version,
    postgresSettings: Object.fromEntries(settings.map(({ name, value }) => [name, value]))
  }
}
