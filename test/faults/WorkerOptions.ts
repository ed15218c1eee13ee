import type { WorkerSettings } from "@atlas/operations"
import type { Step } from "./Probe.ts"

/** What befalls a worker when it first comes to a step; but for the first, until it is told to go on. */
export type Fault =
  /** It is killed, or stopped. */
  | "SIGKILL"
  | "SIGSTOP"
  /** Its event loop stands still. */
  | "stall"
  /** Only the attempt waits. */
  | "wait"

/** How a worker process is told what to be. */
export interface WorkerOptions {
  readonly databaseUrl: string
  readonly settings: WorkerSettings
  readonly maxConnections: number
  /** No signal of another process reaches it. */
  readonly deaf: boolean
  /** How many more runs it claims with each claim than it asks for. */
  readonly greed?: number
  readonly at?: Step
  readonly fault?: Fault
  /** A worker that stands still or waits goes on once this file exists. */
  readonly goOnFile: string
}

/** The name of a worker's connections in `pg_stat_activity`. */
export const applicationName = "probe-worker"
