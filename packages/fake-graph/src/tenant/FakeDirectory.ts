/**
 * The groups of a tenant with their whole history, as listings and rounds of changes read them.
 *
 * @module
 */
import type { FakeGroup } from "./FakeGroups.ts"

type Property = keyof FakeGroup

/** One page of a directory, serialised. */
export interface FakePage {
  readonly items: ReadonlyArray<string>
  /** Where the next page begins; undefined after the last. */
  readonly next: number | undefined
}

/** A change of one group: the properties that changed, or that it was deleted, softly (`changed`) or for good. */
export interface FakeChange {
  readonly id: string
  readonly what: ReadonlySet<Property> | "changed" | "deleted"
}

/** The most selections whose serialised groups are kept. */
const cachedSelections = 4

/**
 * The groups of one Entra tenant. Positions are stable: a removed group leaves a gap and a new one goes to the end, so a
 * listing in progress sees every group that stays exactly once. The history is kept from the beginning.
 */
export class FakeDirectory {
  readonly #groups: Array<FakeGroup | undefined> = []
  readonly #positions = new Map<string, number>()
  readonly #serialised = new Map<string, Array<string | undefined>>()
  readonly #bin = new Map<string, FakeGroup>()
  readonly #history: Array<FakeChange> = []

  constructor(groups: Iterable<FakeGroup>) {
    for (const group of groups) this.#write(this.#positionOf(group.id), group)
  }

  /** How many groups there are. */
  get size(): number {
    return this.#positions.size
  }

  /** How many changes there have been. */
  get changeCount(): number {
    return this.#history.length
  }

  /** Every group, in the order of listings. */
  all(): Array<FakeGroup> {
    return this.#groups.filter((group) => group !== undefined)
  }

  /** The first groups, at most `count`. */
  some(count: number): ReadonlyArray<FakeGroup> {
    return this.#groups.slice(0, count).filter((group) => group !== undefined)
  }

  /** The group with an id. */
  get(id: string): FakeGroup | undefined {
    const position = this.#positions.get(id)
    return position === undefined ? undefined : this.#groups[position]
  }

  /** Ids of the groups that were deleted and may be restored. */
  get binned(): ReadonlyArray<string> {
    return [...this.#bin.keys()]
  }

  /** Adds a group, or replaces the one with the same id. */
  put(group: FakeGroup): void {
    const old = this.get(group.id)
    const names = Object.keys(group) as Array<Property>
    const changed = names.filter((name) => old === undefined || String(old[name]) !== String(group[name]))
    this.#bin.delete(group.id)
    this.#write(this.#positionOf(group.id), group)
    this.#history.push({ id: group.id, what: new Set(changed) })
  }

  /** Removes a group for good, also from the bin. Returns whether it was there. */
  remove(id: string): boolean {
    const wasBinned = this.#bin.delete(id)
    const wasThere = this.#take(id) !== undefined || wasBinned
    if (wasThere) this.#history.push({ id, what: "deleted" })
    return wasThere
  }

  /** Moves a group to the bin, from which it can be restored. Returns whether it was there. */
  softDelete(id: string): boolean {
    const group = this.#take(id)
    if (group === undefined) return false
    this.#bin.set(id, group)
    this.#history.push({ id, what: "changed" })
    return true
  }

  /** Takes a group out of the bin again. Returns whether it was there. */
  restore(id: string): boolean {
    const group = this.#bin.get(id)
    if (group !== undefined) this.put(group)
    return group !== undefined
  }

  /**
   * The changes of a part of the history, one for each group, in the order of their latest changes.
   *
   * @param from the number of changes before the part
   * @param to the number of changes up to its end
   */
  changes(from: number, to: number): ReadonlyArray<FakeChange> {
    const latest = new Map<string, FakeChange>()
    for (const { id, what } of this.#history.slice(from, to)) {
      const before = latest.get(id)?.what
      const both = typeof what !== "string" && before !== undefined && typeof before !== "string"
      latest.delete(id)
      latest.set(id, { id, what: both ? new Set([...before, ...what]) : what })
    }
    return [...latest.values()]
  }

  /** One page of at most `size` groups, from 0 or from the `next` of the page before, with the selected properties. */
  page(start: number, size: number, select: ReadonlyArray<Property>): FakePage {
    const cache = this.#cacheFor(select)
    const items: Array<string> = []
    let position = start
    for (; position < this.#groups.length && items.length < size; position++) {
      const group = this.#groups[position]
      if (group !== undefined) items.push((cache[position] ??= serialise(group, select)))
    }
    while (position < this.#groups.length && this.#groups[position] === undefined) position++
    return { items, next: position < this.#groups.length ? position : undefined }
  }

  #positionOf(id: string): number {
    return this.#positions.get(id) ?? this.#groups.length
  }

  #take(id: string): FakeGroup | undefined {
    const position = this.#positions.get(id)
    if (position === undefined) return undefined
    const group = this.#groups[position]
    this.#positions.delete(id)
    this.#write(position, undefined)
    return group
  }

  #write(position: number, group: FakeGroup | undefined): void {
    this.#groups[position] = group
    if (group !== undefined) this.#positions.set(group.id, position)
    for (const cache of this.#serialised.values()) cache[position] = undefined
  }

  #cacheFor(select: ReadonlyArray<Property>): Array<string | undefined> {
    const key = select.join()
    const cache = this.#serialised.get(key) ?? []
    this.#serialised.set(key, cache)
    const [oldest] = this.#serialised.keys()
    if (this.#serialised.size > cachedSelections && oldest !== undefined) this.#serialised.delete(oldest)
    return cache
  }
}

/** A group as JSON, with the selected properties only. */
export const serialise = (group: FakeGroup, select: ReadonlyArray<Property>): string =>
  JSON.stringify(Object.fromEntries(select.map((name) => [name, group[name]])))
