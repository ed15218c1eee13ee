import type { Engine } from "./Engine.ts"
import type { Database } from "./Postgres.ts"

/** An engine with a database of its own on the benchmark's server. */
export interface Contestant {
  readonly engine: Engine
  readonly database: Database
}

/** How many of its jobs are not done. */
export const unfinished = async ({ engine, database }: Contestant): Promise<number> => {
  const [row] = await database.query<{ readonly n: number }>(engine.unfinished)
  return row!.n
}

/** Waits until all of its jobs are done and recorded as such. */
export const drained = async (contestant: Contestant): Promise<void> => {
  while ((await unfinished(contestant)) > 0) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** Empties its tables, as if nothing had been measured yet. */
export const clear = async ({ engine, database }: Contestant): Promise<void> => {
  await database.query(engine.clear)
}
