import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { GroupFilter, SearchOptions } from "@atlas/directory"

/** What a host is told to do. */
export type Task =
  | { readonly kind: "sync" }
  | { readonly kind: "search"; readonly searches: ReadonlyArray<SearchOptions<GroupFilter>> }
  | { readonly kind: "labels"; readonly ids: ReadonlyArray<ReadonlyArray<string>> }

/** What a task took. */
export interface TaskResult {
  /** Of each part, in order. */
  readonly millis: ReadonlyArray<number>
  /** How much each part processed or found. */
  readonly found: ReadonlyArray<number>
  /** Most memory in use meanwhile, above what the process had at rest. */
  readonly mebibytes: number
  readonly pauseP99: number
  readonly pauseMax: number
}

/** A host with a worker, in a process of its own. */
export interface DirectoryProcess extends AsyncDisposable {
  perform(task: Task): Promise<TaskResult>
}

const program = fileURLToPath(new URL("./directoryMain.ts", import.meta.url))

/** Starts a host and waits until it is ready. */
export const startDirectory = async (url: string, graphOrigin: string, tenant: string): Promise<DirectoryProcess> => {
  const child = fork(program, [url, graphOrigin, tenant], { execArgv: process.env["BENCH_EXEC"]?.split(" ") ?? [] })
  const exit = once(child, "exit")
  const ended = exit.then(([code]) => {
    throw new Error(`The host ended with ${code}.`)
  })
  ended.catch(() => {})
  await Promise.race([once(child, "message"), ended])
  return {
    perform: async (task) => {
      const answer = once(child, "message")
      child.send(task)
      const [result] = await Promise.race([answer, ended])
      return result
    },
    [Symbol.asyncDispose]: async () => {
      child.disconnect()
      await exit
    }
  }
}
