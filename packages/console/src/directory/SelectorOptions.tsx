import type { SelectorItem } from "./DirectorySelector.tsx"
import { Marked } from "../shell/components/Marked.tsx"

/** What a selector offers for what is typed. */
export interface Options {
  readonly title: string
  readonly query: string
  readonly items: ReadonlyArray<SelectorItem>
  /** A longer query finds what is not among them. */
  readonly more: boolean
}

/** What a selector offers while somebody types. The script puts it below the field, and gives the options their ids. */
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
