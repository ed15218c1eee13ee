/**
 * A selector of groups or role definitions, and what its page needs to show it.
 *
 * @module
 */

import type { DirectoryLabel, Freshness } from "@atlas/directory"
import type { Run } from "@atlas/operations"
import type { DateTime } from "effect"
import { parameterOf, parametersOf, type SelectorKey, type SelectorState } from "./SelectorState.ts"
import { EmptyState } from "../shell/components/EmptyState.tsx"
import { hrefWith } from "../shell/components/format.ts"
import { FreshnessPanel } from "./FreshnessPanel.tsx"
import { Icon } from "../shell/components/Icon.tsx"
import { Marked } from "../shell/components/Marked.tsx"

/** Something that can be chosen. */
export interface SelectorItem {
  readonly id: string
  readonly name: string
  readonly description: string | null
  /** What it is, in words, the kind first. */
  readonly traits: ReadonlyArray<string>
}

/** A selector with what it found and what was chosen. */
export interface Selector {
  readonly key: SelectorKey
  readonly title: string
  readonly one: string
  readonly many: string
  readonly syncType: string
  readonly state: SelectorState
  readonly filters: ReadonlyArray<{ readonly name: string; readonly label: string }>
  readonly items: ReadonlyArray<SelectorItem>
  readonly chosen: ReadonlyArray<DirectoryLabel>
  readonly nextCursor: string | null
  readonly typeMore: boolean
  readonly freshness: Freshness
  /** The active sync, if the actor may see it. */
  readonly activeRun: Run | null
}

interface Props {
  readonly tenantId: string
  readonly path: string
  /** The form to which all fields of the page's selectors belong. */
  readonly form: string
  readonly selector: Selector
  readonly others: ReadonlyArray<SelectorState>
  readonly canSync: boolean
  readonly now: DateTime.Utc
}

/**
 * Chooses objects of a tenant's directory by name, from the cache. It works with links and a form; the script makes it quick.
 */
export const DirectorySelector = ({ tenantId, path, form, selector, others, canSync, now }: Props) => {
  const { chosen, filters, key, many, one, state, title } = selector
  const titleId = `${key}-title`
  const fieldId = `${key}-query`
  const hrefOf = (change: Partial<SelectorState>) => hrefWith(path, parametersOf([...others, { ...state, ...change }]))
  return (
    <section
      class="panel selector"
      id={`selector-${key}`}
      aria-labelledby={titleId}
      data-selector={key}
      data-one={one}
      data-many={many}
      data-options={`${path}/${key}/options`}
    >
      <h2 id={titleId}>{title}</h2>
      <div id={`freshness-${key}`} data-region="" data-refresh={selector.freshness.activeRunId === null ? "30" : "2"}>
        <FreshnessPanel tenantId={tenantId} selector={selector} canSync={canSync} now={now} />
      </div>
      <label class="field" for={fieldId}>
        <span>Find a {one} by name</span>
      </label>
      <div class="picker-row">
        <div class="combobox">
          <input
            id={fieldId}
            form={form}
            name={parameterOf(key, "query")}
            type="text"
            value={state.query}
            autocomplete="off"
            spellcheck={false}
            maxlength={100}
            aria-describedby={`${key}-note`}
          />
        </div>
        <button class="button" form={form}>
          Search
        </button>
      </div>
      <p class="muted small selector-note" id={`${key}-note`} data-note="" />
      <fieldset class="toggles">
        <legend class="visually-hidden">Only {many} that are</legend>
        {filters.map(({ label, name }) => (
          <label class="toggle">
            <input
              type="checkbox"
              form={form}
              name={parameterOf(key, "filter")}
              value={name}
              checked={state.filters.includes(name)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <Chosen
        form={form}
        selector={{ chosen, key, many }}
        hrefWithout={(id) => hrefOf({ ids: state.ids.filter((other) => other !== id) })}
      />
      <div id={`found-${key}`} data-region="">
        <FoundTable form={form} selector={selector} />
        {selector.nextCursor !== null && (
          <p class="pager">
            <a class="button" href={hrefOf({ cursor: selector.nextCursor })} rel="next" data-keep="">
              More {many}
            </a>
          </p>
        )}
        {selector.typeMore && (
          <p class="muted small">Only the best matches are shown: type more letters to find others.</p>
        )}
      </div>
    </section>
  )
}

const became: Record<DirectoryLabel["state"], string | null> = {
  exists: null,
  soft_deleted: "deleted, in the bin",
  purged: "deleted",
  unknown: "no longer listed",
  never_seen: "not known in the cache"
}

interface ChosenProps {
  readonly form: string
  readonly selector: Pick<Selector, "chosen" | "key" | "many">
  readonly hrefWithout: (id: string) => string
}

/** The chosen objects. They travel in the form, and so in the address: nothing is stored. */
const Chosen = ({ form, selector: { chosen, key, many }, hrefWithout }: ChosenProps) => (
  <div class="selected">
    <h3 id={`${key}-chosen`}>Selected {many}</h3>
    <ul class="chips" aria-labelledby={`${key}-chosen`} data-chips="">
      {chosen.map(({ displayName, id, state }) => (
        <li class={state === "exists" ? "chip" : "chip chip-gone"} data-chip={id}>
          <input type="hidden" form={form} name={key} value={id} />
          <span>
            {displayName ?? <code>{id}</code>}
            {became[state] !== null && <small> ({became[state]})</small>}
          </span>
          <a href={hrefWithout(id)} aria-label={`Remove ${displayName ?? id}`} data-remove="">
            <Icon name="close" />
          </a>
        </li>
      ))}
    </ul>
  </div>
)

/** The matches, each with a button that adds it to the selection. */
const FoundTable = ({ form, selector }: { readonly form: string; readonly selector: Selector }) => {
  const { freshness, items, key, many, state, title } = selector
  if (items.length === 0) return <Nothing selector={selector} never={freshness.completedAt === null} />
  const chosen = new Set(state.ids)
  return (
    <table class="groups" role="table">
      <caption class="visually-hidden">{title}</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Name
          </th>
          <th role="columnheader" scope="col">
            Kind
          </th>
          <th role="columnheader" scope="col">
            <span class="visually-hidden">Add to the selected {many}</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {items.map(({ id, name, description, traits }) => (
          <tr role="row">
            <td role="cell" class="cell-main">
              <Marked name={name} query={state.query} />
              {description !== null && <span class="block muted">{description}</span>}
            </td>
            <td role="cell" data-label="Kind">
              {traits.join(", ")}
            </td>
            <td role="cell" class="cell-action">
              <button class="button" form={form} name={key} value={id} data-add={name} disabled={chosen.has(id)}>
                <span>{chosen.has(id) ? "Added" : "Add"}</span>
                <span class="visually-hidden"> {name}</span>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const Nothing = ({ selector, never }: { readonly selector: Selector; readonly never: boolean }) => {
  const { many, one, state } = selector
  if (never) return <EmptyState title={`No ${many} yet`}>Synchronise this tenant’s {many} first.</EmptyState>
  if (state.query !== "")
    return (
      <EmptyState title={`No ${one} matches “${state.query}”`}>
        Check the spelling{state.filters.length > 0 ? " and the filters" : ""}, or synchronise if it is new.
      </EmptyState>
    )
  return state.filters.length > 0 ? (
    <EmptyState title={`No ${one} is all of that`}>Take a filter away.</EmptyState>
  ) : (
    <EmptyState title={`No ${many}`}>The last complete sync of this tenant found none.</EmptyState>
  )
}
