import { timed } from "./clock.ts"
import { measureCost } from "./cost.ts"
import type { BenchGraph } from "./directoryGraph.ts"
import { migrate } from "./DirectoryHost.ts"
import { startDirectory, type TaskResult } from "./DirectoryProcess.ts"
import { median } from "./figures.ts"
import type { Database, Postgres } from "./Postgres.ts"

/** What syncs of one directory took; times in milliseconds, the middle of the repetitions. */
export interface SyncFigures {
  readonly groups: number
  readonly copy: number
  readonly full: number
  /** The smallest and largest quotient of the two, of neighbouring measurements. */
  readonly ratios: ReadonlyArray<number>
  readonly mebibytes: number
  readonly pauseP99: number
  readonly pauseMax: number
  readonly nothing: { readonly millis: number; readonly requests: number; readonly statements: number }
  readonly changed: { readonly groups: number; readonly millis: number; readonly requests: number }
}

/** The directory's figures, and a database that holds it. */
export interface MeasuredSyncs {
  readonly figures: SyncFigures
  readonly database: Database
}

let serial = 0
const freshDatabase = async (postgres: Postgres) => {
  const database = await postgres.createDatabase(`directory_${serial++}`)
  await migrate(database.url)
  return database
}

/** COPY of what a sync has stored, into the same table with the same indexes, from a file of the server's own. */
const measureCopy = async (postgres: Postgres, from: Database): Promise<number> => {
  const [columns] = await from.query<{ names: string }>(`
    SELECT string_agg(quote_ident(column_name), ', ') AS names FROM information_schema.columns
    WHERE table_name = 'directory_groups' AND is_generated = 'NEVER'`)
  const [place] = await from.query<{ directory: string }>("SELECT current_setting('data_directory') AS directory")
  const file = `'${place!.directory}/bench.copy'`
  await from.query(`COPY directory_groups (${columns!.names}) TO ${file}`)
  await using to = await freshDatabase(postgres)
  await postgres.admin.query("CHECKPOINT")
  return await timed(() => to.query(`COPY directory_groups (${columns!.names}) FROM ${file}`))
}

/**
 * Syncs a directory into fresh databases, each beside COPY of the same rows; then nothing, and a thousandth of it.
 *
 * @param postgres the server
 * @param graph the directory
 * @param repetitions of the first sync
 * @param say is told what is done
 */
export const measureSyncs = async (
  postgres: Postgres,
  graph: BenchGraph,
  repetitions: number,
  say: (what: string) => void
): Promise<MeasuredSyncs> => {
  const copies: Array<number> = []
  const fulls: Array<TaskResult> = []
  for (let round = 1; ; round++) {
    const database = await freshDatabase(postgres)
    const host = await startDirectory(database.url, graph.origin, graph.tenant)
    await postgres.admin.query("CHECKPOINT")
    fulls.push(await host.perform({ kind: "sync" }))
    copies.push(await measureCopy(postgres, database))
    say(`${graph.size} groups: synchronised in ${fulls.at(-1)!.millis[0]!}, copied in ${copies.at(-1)!}`)
    if (round < repetitions) {
      await host[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      continue
    }
    // A first one of changes warms up what none has used yet.
    await host.perform({ kind: "sync" })
    let nothing = 0
    let requests = 0
    const cost = await measureCost(postgres, { database }, async () => {
      requests = await graph.requests(async () => {
        nothing = (await host.perform({ kind: "sync" })).millis[0]!
      })
    })
    const few = Math.ceil(graph.size / 1000)
    await graph.rename(few)
    let changed = 0
    const changeRequests = await graph.requests(async () => {
      changed = (await host.perform({ kind: "sync" })).millis[0]!
    })
    await host[Symbol.asyncDispose]()
    say(`nothing in ${nothing}, ${few} changes in ${changed}`)
    return {
      database,
      figures: {
        groups: graph.size,
        copy: median(copies),
        full: median(fulls.map(({ millis }) => millis[0]!)),
        ratios: fulls.map(({ millis }, at) => millis[0]! / copies[at]!),
        mebibytes: Math.max(...fulls.map(({ mebibytes }) => mebibytes)),
        pauseP99: Math.max(...fulls.map(({ pauseP99 }) => pauseP99)),
        pauseMax: Math.max(...fulls.map(({ pauseMax }) => pauseMax)),
        nothing: { millis: nothing, requests, statements: cost.statements },
        changed: { groups: few, millis: changed, requests: changeRequests }
      }
    }
  }
}
