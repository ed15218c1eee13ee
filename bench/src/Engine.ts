/** Executes jobs beside starting them: how many at once, and who is told the key of each. */
export interface Work {
  readonly slots: number
  readonly handled: (key: string) => void
}

/** An engine that is connected; disposing it ends its work and its connections. */
export interface OpenEngine extends AsyncDisposable {
  /** Starts one job that does nothing for each key, that many at a time. */
  start(keys: ReadonlyArray<string>, concurrency: number): Promise<void>
}

/** What is measured: a way to start jobs in Postgres and to execute them. */
export interface Engine {
  readonly name: string
  /** How it is set up, for the report. */
  readonly settings: string
  /** SQL: how many jobs are not done, as `n`. */
  readonly unfinished: string
  /** SQL: forgets every job. */
  readonly clear: string
  /** Creates its tables. */
  prepare(url: string): Promise<void>
  open(url: string, work?: Work): Promise<OpenEngine>
}

/** Connections that each process of each engine may open. */
export const connections = 20

/** Does something for each item, that many at a time. */
export const inParallel = async <Item>(
  items: ReadonlyArray<Item>,
  concurrency: number,
  work: (item: Item) => Promise<unknown>
): Promise<void> => {
  const rest = items.values()
  const lane = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}
