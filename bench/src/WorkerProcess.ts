import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Contestant } from "./Contestant.ts"

/** A job that a worker process handled, and when. */
export interface Handled {
  readonly key: string
  readonly at: number
}

/** A worker in a process of its own. */
export interface WorkerProcess extends AsyncDisposable {
  /** The next jobs that it handles, once there are so many. */
  handled(count: number): Promise<ReadonlyArray<Handled>>
}

const program = fileURLToPath(new URL("./workerMain.ts", import.meta.url))

/** Starts a worker and waits until it listens. */
export const startWorkerProcess = async ({ engine, database }: Contestant, slots: number): Promise<WorkerProcess> => {
  const child = fork(program, [engine.name, database.url, String(slots)])
  const exit = once(child, "exit")
  const ended = exit.then(([code]) => {
    throw new Error(`The worker of ${engine.name} ended with ${code}.`)
  })
  ended.catch(() => {})
  await Promise.race([once(child, "message"), ended])
  return {
    handled: async (count) => {
      const answer = once(child, "message")
      child.send(count)
      const [batch] = await Promise.race([answer, ended])
      return batch
    },
    [Symbol.asyncDispose]: async () => {
      child.disconnect()
      await exit
    }
  }
}
