/**
 * Pairs the items of two lists by the best likeness that they have. No item is paired twice.
 *
 * @param likenesses items with equal texts are alike; the earlier one decides first
 * @returns positions in `to`, by positions in `from`
 */
export const pairBy = <A>(
  from: ReadonlyArray<A>,
  to: ReadonlyArray<A>,
  likenesses: ReadonlyArray<(item: A) => string>
): ReadonlyMap<number, number> => {
  const pairs = new Map<number, number>()
  const taken = new Set<number>()
  for (const likeness of likenesses) {
    const open = [...to.entries()].filter(([at]) => !taken.has(at))
    const free = Map.groupBy(open, ([, item]) => likeness(item))
    for (const [at, item] of from.entries()) {
      const partner = pairs.has(at) ? undefined : free.get(likeness(item))?.shift()
      if (partner === undefined) continue
      pairs.set(at, partner[0])
      taken.add(partner[0])
    }
  }
  return pairs
}
