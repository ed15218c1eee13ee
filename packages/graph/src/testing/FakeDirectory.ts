import type { FakeGroup } from "./FakeGroups.ts"

/** One page of a directory, already serialised. */
export interface FakePage {
  readonly items: ReadonlyArray<string>
  /** Where the next page begins; none after the last. */
  readonly next: number | undefined
}

/** Selections whose serialised groups are kept. */
const cachedSelections = 4

/**
 * The groups of one Entra tenant. Positions are stable: a removed group leaves a gap and a new one goes to the end, so
 * that a listing under way sees every group that stays exactly once.
 */
export class FakeDirectory {
  readonly #groups: Array<FakeGroup | undefined> = []
  readonly #positions = new Map<string, number>()
  readonly #serialised = new Map<string, Array<string | undefined>>()

  constructor(groups: Iterable<FakeGroup>) {
    for (const group of groups) this.put(group)
  }

  /** How many groups there are. */
  get size(): number {
    return this.#positions.size
  }

  /** Every group, in the order of listings. */
  all(): Array<FakeGroup> {
    return this.#groups.filter((group) => group !== undefined)
  }

  /** The group with an id. */
  get(id: string): FakeGroup | undefined {
    const position = this.#positions.get(id)
    return position === undefined ? undefined : this.#groups[position]
  }

  /** Adds a group, or replaces the one with the same id. */
  put(group: FakeGroup): void {
    const position = this.#positions.get(group.id) ?? this.#groups.length
    this.#positions.set(group.id, position)
    this.#write(position, group)
  }

  /** Removes a group; tells whether it was there. */
  remove(id: string): boolean {
    const position = this.#positions.get(id)
    if (position === undefined) return false
    this.#positions.delete(id)
    this.#write(position, undefined)
    return true
  }

  /**
   * One page.
   *
   * @param start a position: 0, or `next` of the page before
   * @param size groups at most
   * @param select the properties to serialise
   */
  page(start: number, size: number, select: ReadonlyArray<keyof FakeGroup>): FakePage {
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

  #write(position: number, group: FakeGroup | undefined): void {
    this.#groups[position] = group
    for (const cache of this.#serialised.values()) cache[position] = undefined
  }

  #cacheFor(select: ReadonlyArray<keyof FakeGroup>): Array<string | undefined> {
    const key = select.join()
    const cache = this.#serialised.get(key) ?? []
    this.#serialised.set(key, cache)
    const [oldest] = this.#serialised.keys()
    if (this.#serialised.size > cachedSelections && oldest !== undefined) this.#serialised.delete(oldest)
    return cache
  }
}

/** A group as JSON with the selected properties only. */
export const serialise = (group: FakeGroup, select: ReadonlyArray<keyof FakeGroup>): string =>
  JSON.stringify(Object.fromEntries(select.map((name) => [name, group[name]])))
