import type { SelectorItem } from "./DirectorySelector.tsx"
import { Marked } from "../shell/components/Marked.tsx"

/** The options of a selector for a query. */
export interface Options {
  readonly title: string
  readonly query: string
  readonly items: ReadonlyArray<SelectorItem>
  /** There are more matches, which a longer query finds. */
  readonly more: boolean
}

/** The options of a selector while a person types. The script shows them below the field and gives them ids. */
export const SelectorOptions = ({ title, query, items, more }: Options) => (
  <ul class="options" role="listbox" aria-label={title} data-more={more ? "" : undefined}>
    {items.map(({ id, name, description, traits }) => (
      <li role="option" aria-selected="false" data-id={id} data-name={name}>
        <Marked name={name} query={query} />
        <small>{[...traits, ...(description === null ? [] : [description])].join(" · ")}</small>
      </li>
    ))}
  </ul>
)
