import type * as Operation from "../definition/Operation.ts"
import type { Claim } from "../ledger/RunQueue.ts"

/** The longest time for which a worker keeps a run that it does not begin. */
const longestMillis = 1_000

/** For how long a worker keeps a run that it does not begin. */
export const keptMillis = (leaseMillis: number): number => Math.min(longestMillis, leaseMillis / 3)

/**
 * The runs that a worker has claimed and not begun, interactive ones first. They have a lease that nobody renews, so none of
 * them begins, or stays, after a third of it.
 */
export interface ReadyRuns {
  readonly size: () => number
  readonly add: (claims: ReadonlyArray<Claim>) => void
  /** Takes the run that is to begin next. */
  readonly next: (now: number) => Claim | undefined
  /** Takes those that have waited too long. */
  readonly takeLate: (now: number) => ReadonlyArray<Claim>
  /** Takes all of them. */
  readonly takeAll: () => ReadonlyArray<Claim>
}

/** Makes the list of a worker that executes these operations. */
export const makeReadyRuns = (types: ReadonlyArray<Operation.Any>, leaseMillis: number): ReadyRuns => {
  const kept = keptMillis(leaseMillis)
  const interactive = new Set(types.filter(({ priority }) => priority === "interactive").map(({ name }) => name))
  const rank = ({ run }: Claim) => (interactive.has(run.type) ? 0 : 1)
  const isLate =
    (now: number) =>
    ({ claimedAt }: Claim) =>
      now - claimedAt >= kept
  let ready: ReadonlyArray<Claim> = []
  const take = (taken: ReadonlyArray<Claim>) => {
    ready = ready.filter((claim) => !taken.includes(claim))
    return taken
  }
  return {
    size: () => ready.length,
    add: (claims) => {
      ready = [...ready, ...claims].sort((a, b) => rank(a) - rank(b))
    },
    next: (now) => {
      const late = isLate(now)
      return take(ready.filter((claim) => !late(claim)).slice(0, 1))[0]
    },
    takeLate: (now) => take(ready.filter(isLate(now))),
    takeAll: () => take(ready)
  }
}
