/** Milliseconds on a clock that every process of this machine shares. */
export const now = (): number => performance.timeOrigin + performance.now()

/** How long something takes, in milliseconds. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = now()
  await work()
  return now() - start
}
