import { Graph, type GraphPage, OperationType, RunFailure, RunHandler, StartGate } from "@atlas/operations"
import { Effect, Stream } from "effect"
import { GroupCache, type PageWritten } from "./GroupCache.ts"
import { type GraphGroup, listGroups } from "./GroupContracts.ts"

/**
 * Copies the tenant's Entra groups into the cache. Its identity allows one run per tenant at a time, so its concurrency
 * needs no limit of its own; a million groups take a fraction of its time limit.
 */
export const type = OperationType.make("directory_groups.sync", {
  label: "Sync groups",
  description: "Copies the tenant's Entra groups into the directory cache that selectors search.",
  category: "Directory",
  input: OperationType.NoInput,
  capabilities: { start: "tenant.directory.sync", view: "tenant.directory.sync" },
  identity: { rule: "while_active" },
  gates: [StartGate.providerConnection],
  contracts: [listGroups],
  timeLimit: "2 hours"
})

interface Progress {
  readonly processed: number
  readonly created: number
  readonly updated: number
  readonly total?: number
}

const advance = (progress: Progress, page: GraphPage<GraphGroup>, written: PageWritten): Progress => ({
  ...progress,
  ...(page.count === null ? {} : { total: page.count }),
  processed: progress.processed + written.seen,
  created: progress.created + written.created,
  updated: progress.updated + written.updated
})

// Groups come and go while a listing runs, so it may be a little shorter than the count taken at its start. A small
// directory has to be exact: there, a few are many. Without the count, which we ask for, nothing is known.
const isComplete = ({ processed, total }: Progress) =>
  total !== undefined && total - processed <= Math.floor(total * 0.01)

/**
 * Pages through the directory. Each page is stored, with the run's progress, in one transaction; only a listing that
 * reached its end and agrees with Graph's count marks what it has not seen as removed.
 */
export const handler = RunHandler.make(
  type,
  Effect.fn("GroupsSync")(function* (run) {
    const graph = yield* Graph
    const cache = yield* GroupCache
    const { tenant } = run
    let progress: Progress = { processed: 0, created: 0, updated: 0 }

    const storePage = Effect.fnUntraced(function* (page: GraphPage<GraphGroup>) {
      progress = yield* run.transaction(
        Effect.map(cache.writePage(tenant, page.items), (written) => advance(progress, page, written)),
        (next) => next
      )
    })

    yield* run.transaction(cache.beginListing(tenant))
    yield* Stream.runForEach(graph.list(tenant, listGroups, {}), storePage)
    if (!isComplete(progress)) {
      return yield* new RunFailure({
        reasonCode: "provider_partial_result",
        message: `Graph listed ${progress.processed} of ${progress.total ?? "an unknown number of"} groups. Nothing was removed.`
      })
    }
    yield* run.transaction(cache.completeListing(tenant, run.run.id), (removed) => ({ ...progress, removed }))
    return RunHandler.succeeded
  })
)
