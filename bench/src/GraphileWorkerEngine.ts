import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker"
import { connections, type Engine, inParallel, type Work } from "./Engine.ts"

const logger = new Logger(() => () => {})
const task = "noop"

const options = (url: string) => ({ connectionString: url, maxPoolSize: connections, logger })

// Its page "Performance" advises to enable batching: a local queue of one more than the slots. A delay of 0 is its own
// choice for throughput, and costs no latency.
const preset = (url: string, slots: number) => ({
  worker: {
    connectionString: url,
    maxPoolSize: connections,
    concurrentJobs: slots,
    localQueue: { size: slots + 1 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger
  }
})

const openWorker = async (url: string, { slots, handled }: Work) => {
  const runner = await run({
    preset: preset(url, slots),
    noHandleSignals: true,
    taskList: { [task]: (payload) => handled((payload as { readonly key: string }).key) }
  })
  return { addJob: runner.addJob, close: () => runner.stop() }
}

const openClient = async (url: string) => {
  const utils = await makeWorkerUtils(options(url))
  return { addJob: utils.addJob, close: async () => utils.release() }
}

/** https://worker.graphile.org */
export const GraphileWorkerEngine: Engine = {
  name: "graphile-worker",
  settings: "`localQueue.size` slots + 1, `completeJobBatchDelay` 0, as its page “Performance” advises",
  unfinished: "SELECT count(*)::int AS n FROM graphile_worker._private_jobs",
  clear: "TRUNCATE graphile_worker._private_jobs",
  prepare: (url) => runMigrations(options(url)),
  open: async (url, work) => {
    const { addJob, close } = await (work === undefined ? openClient(url) : openWorker(url, work))
    return {
      start: (keys, concurrency) => inParallel(keys, concurrency, (key) => addJob(task, { key })),
      [Symbol.asyncDispose]: close
    }
  }
}
