/** An object of a collection: JSON with an id. */
export interface FakeItem {
  readonly id: string
  readonly [property: string]: unknown
}

/** One collection of a tenant, in the order in which its objects came. */
export class FakeCollection {
  readonly #items: Array<FakeItem | undefined> = []
  readonly #positions = new Map<string, number>()
  readonly #revisions = new Map<string, number>()

  constructor(items: Iterable<FakeItem> = []) {
    for (const item of items) this.put(item)
  }

  /** How many objects there are. */
  get size(): number {
    return this.#positions.size
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

  /** Changes with every change of the object. */
  etag(id: string): string {
    return `W/"${this.#revisions.get(id) ?? 0}"`
  }

  /** Adds an object, or replaces the one with the same id. */
  put(item: FakeItem): void {
    const position = this.#positions.get(item.id) ?? this.#items.length
    this.#positions.set(item.id, position)
    this.#items[position] = item
    this.#revisions.set(item.id, (this.#revisions.get(item.id) ?? 0) + 1)
  }

  /** Removes an object; tells whether it was there. */
  remove(id: string): boolean {
    const position = this.#positions.get(id)
    if (position === undefined) return false
    this.#positions.delete(id)
    this.#items[position] = undefined
    return true
  }

  /**
   * One page.
   *
   * @param start a position: 0, or `next` of the page before
   * @param size objects at most
   */
  page(start: number, size: number): { readonly items: ReadonlyArray<FakeItem>; readonly next: number | undefined } {
    const items: Array<FakeItem> = []
    let position = start
    for (; position < this.#items.length && items.length < size; position++) {
      const item = this.#items[position]
      if (item !== undefined) items.push(item)
    }
    while (position < this.#items.length && this.#items[position] === undefined) position++
    return { items, next: position < this.#items.length ? position : undefined }
  }
}
