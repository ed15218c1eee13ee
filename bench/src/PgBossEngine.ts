import { PgBoss } from "pg-boss"
import { connections, type Engine, inParallel } from "./Engine.ts"

const queue = "noop"

const connect = async (url: string) => {
  const boss = new PgBoss({
    connectionString: url,
    max: connections,
    // Without it a worker finds a job at its next poll, two seconds later.
    useListenNotify: true
  })
  boss.on("error", (error) => console.error(error))
  return boss.start()
}

/** https://pgboss.io */
export const PgBossEngine: Engine = {
  name: "pg-boss",
  settings:
    "`useListenNotify` and a queue with `notify`; `batchSize` = slots with `burstWhenBatchFull`, so that one statement fetches and one completes a batch",
  unfinished: "SELECT count(*)::int AS n FROM pgboss.job WHERE name = 'noop' AND state < 'completed'",
  clear: "DELETE FROM pgboss.job WHERE name = 'noop'",
  prepare: async (url) => {
    const boss = await connect(url)
    await boss.createQueue(queue, { notify: true })
    await boss.stop()
  },
  open: async (url, work) => {
    const boss = await connect(url)
    if (work !== undefined) {
      const { slots, handled } = work
      const options = { batchSize: slots, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 }
      await boss.work<{ readonly key: string }>(queue, options, async (jobs) => {
        for (const { data } of jobs) handled(data.key)
      })
    }
    return {
      start: (keys, concurrency) => inParallel(keys, concurrency, (key) => boss.send(queue, { key })),
      [Symbol.asyncDispose]: () => boss.stop({ graceful: true })
    }
  }
}
