/**
 * How deep a policy may nest. Everything that reads, writes or compares policies walks them by recursion, so whatever comes from
 * outside is measured before: objects of Graph where they are read, those of files where they are imported, JSON inside texts.
 *
 * @module
 */

import { Predicate } from "effect"

/**
 * The most objects and lists inside one another. Of all that Intune has, only settings of the catalogue hold others of their
 * kind, each with four levels of JSON around it: this is room for more than twenty settings, one inside the other.
 */
const deepestNesting = 100

const isDeeperThan = (value: unknown, levels: number): boolean =>
  Predicate.isObjectOrArray(value) &&
  (levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1)))

/** Whether a value nests too deep for a policy. */
export const nestsTooDeep = (value: unknown): boolean => isDeeperThan(value, deepestNesting)

/** The sentence about a policy that nests too deep. */
export const tooDeepReason = (id: string): string =>
  `The policy ${id} nests deeper than ${deepestNesting} levels, which nothing of Intune's does.`
