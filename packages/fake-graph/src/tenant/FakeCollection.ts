/**
 * The objects of a collection other than groups, in the order in which they were added. Tests hand such objects to
 * `FakeTenantOptions.collections` and `FakeGraph.putItem`, and get them back from `FakeGraph.items`.
 *
 * @module
 */

/** An object of a collection: any JSON with an id. */
export interface FakeItem {
  readonly id: string
  readonly [property: string]: unknown
}

/** One collection of a tenant. */
export class FakeCollection {
  readonly #items: Array<FakeItem | undefined> = []
  readonly #positions = new Map<string, number>()
  readonly #revisions = new Map<string, number>()
  readonly #hidden = new Set<string>()
  #highestNumber = 0

  constructor(items: Iterable<FakeItem> = []) {
    for (const item of items) this.put(item)
  }

  /** How many objects there are. */
  get size(): number {
    return this.#positions.size
  }

  /** A number that no object has had as its id, deleted ones included. */
  get unusedNumber(): number {
    return this.#highestNumber + 1
  }

  /** Every object. */
  all(): ReadonlyArray<FakeItem> {
    return this.#items.filter((item) => item !== undefined)
  }

  /** The object with an id. */
  get(id: string): FakeItem | undefined {
    const position = this.#positions.get(id)
    return position === undefined ? undefined : this.#items[position]
  }

  /** A text that changes with every change of the object. */
  etag(id: string): string {
    return `W/"${this.#revisions.get(id) ?? 0}"`
  }

  /** Leaves an object out of v1.0 from now on, as Graph does with some and tells nobody why. */
  hideFromV1(id: string): void {
    this.#hidden.add(id)
  }

  /** Whether v1.0 leaves an object out. */
  isHidden(id: string): boolean {
    return this.#hidden.has(id)
  }

  /** Adds an object, or replaces the one with the same id. */
  put(item: FakeItem): void {
    const position = this.#positions.get(item.id) ?? this.#items.length
    this.#positions.set(item.id, position)
    this.#items[position] = item
    this.#revisions.set(item.id, (this.#revisions.get(item.id) ?? 0) + 1)
    if (/^\d{1,9}$/.test(item.id)) this.#highestNumber = Math.max(this.#highestNumber, Number(item.id))
  }

  /** Removes an object. Returns whether it was there. */
  remove(id: string): boolean {
    const position = this.#positions.get(id)
    if (position === undefined) return false
    this.#positions.delete(id)
    this.#items[position] = undefined
    return true
  }

  /**
   * One page of at most `size` objects, from 0 or from the `next` of the page before.
   *
   * @param show makes what is sent of an object; undefined for one that the listing does not have
   */
  page(
    start: number,
    size: number,
    show: (item: FakeItem) => string | undefined
  ): { readonly items: ReadonlyArray<string>; readonly next: number | undefined } {
    const items: Array<string> = []
    for (let position = start; position < this.#items.length; position++) {
      const item = this.#items[position]
      const shown = item === undefined ? undefined : show(item)
      if (shown === undefined) continue
      if (items.length === size) return { items, next: position }
      items.push(shown)
    }
    return { items, next: undefined }
  }
}
