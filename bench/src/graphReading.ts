import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Directory } from "./GraphReaders.ts"

/** What one reading of a directory took. */
export interface Reading {
  readonly reader: string
  readonly groups: number
  readonly latencyMillis: number
  readonly consumerMillis: number
  readonly perSecond: number
  /** Most memory in use, above what the process had before; with the ids of all groups, which the benchmark keeps. */
  readonly mebibytes: number
  readonly pauseP99: number
  readonly pauseMax: number
}

/** How a directory is read. */
export interface Setting {
  readonly groups: number
  readonly latencyMillis: number
  readonly consumerMillis: number
}

const fakeMain = fileURLToPath(new URL("../../packages/fake-graph/src/main.ts", import.meta.url))
const readerMain = fileURLToPath(new URL("./graphReaderMain.ts", import.meta.url))

/** A fake Graph in a process of its own. */
export interface FakeProcess extends AsyncDisposable {
  readonly directory: Directory
}

/** Starts a fake Graph and waits until it listens. */
export const startFake = async ({ groups, latencyMillis }: Setting): Promise<FakeProcess> => {
  const flags = ["--port", "0", "--groups", String(groups), "--latency", String(latencyMillis)]
  const child = spawn(process.execPath, [fakeMain, ...flags], { stdio: ["ignore", "pipe", "inherit"] })
  const exit = once(child, "exit")
  let output = ""
  const shown = /listens on (\S+)[^]*tenant (\S+) · client (\S+) · secret (\S+)\n/
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (shown.test(output)) break
  }
  const [, origin = "", tenantId = "", clientId = "", clientSecret = ""] = shown.exec(output) ?? []
  return {
    directory: { origin, tenantId, clientId, clientSecret },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM")
      await exit
    }
  }
}

/**
 * Lets a reader read a directory, in a process of its own.
 *
 * @param reader its name
 * @param directory where
 * @param setting what the directory is like
 * @returns what it took; a reading that is not exact is an error
 */
export const measureReading = async (reader: string, directory: Directory, setting: Setting): Promise<Reading> => {
  const { clientId, clientSecret, origin, tenantId } = directory
  const consumer = String(setting.consumerMillis)
  const child = fork(readerMain, [reader, origin, tenantId, clientId, clientSecret, consumer])
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`The reader ${reader} ended with ${code}.`)
  })
  ended.catch(() => {})
  const [result] = await Promise.race([once(child, "message"), ended])
  if (result.groups !== setting.groups || result.distinct !== setting.groups) {
    throw new Error(
      `${reader} read ${result.groups} groups, ${result.distinct} of them distinct: not ${setting.groups}.`
    )
  }
  const { mebibytes, pauseMax, pauseP99, seconds } = result
  return { ...setting, reader, perSecond: setting.groups / seconds, mebibytes, pauseP99, pauseMax }
}
