import {
  type DirectoryGroup,
  DirectoryGroups,
  type DirectoryReader,
  type DirectoryRoleDefinition,
  DirectoryRoleDefinitions,
  type Freshness,
  GroupFilter,
  GroupsSync,
  RoleDefinitionFilter,
  RoleDefinitionsSync
} from "@atlas/directory"
import { type Actor, type Problems, type Run, Runs } from "@atlas/operations"
import { Effect, Option } from "effect"
import type { Context } from "hono"
import type { Selector, SelectorItem } from "./DirectorySelector.tsx"
import type { Options } from "./SelectorOptions.tsx"
import { readSelector, type SelectorKey } from "./SelectorState.ts"

const perPage = 10
const perList = 20

const groupKinds: Record<DirectoryGroup["kind"], string> = {
  security: "Security",
  microsoft365: "Microsoft 365",
  mail_security: "Mail-enabled security",
  distribution: "Distribution"
}

const groupItem = (group: DirectoryGroup): SelectorItem => ({
  id: group.id,
  name: group.displayName,
  description: group.description ?? group.mail,
  traits: [
    groupKinds[group.kind],
    ...(group.dynamic ? ["Dynamic"] : []),
    ...(group.roleAssignable ? ["Role-assignable"] : []),
    ...(group.synced ? ["On-premises"] : [])
  ]
})

const roleItem = (role: DirectoryRoleDefinition): SelectorItem => ({
  id: role.id,
  name: role.displayName,
  description: role.description,
  traits: [
    role.builtIn ? "Built-in" : "Custom",
    ...(role.privileged === true ? ["Privileged"] : []),
    ...(role.enabled ? [] : ["Disabled"])
  ]
})

/** What tells one selector from the other. */
interface Kind<A, Filter extends string> {
  readonly key: SelectorKey
  readonly title: string
  readonly one: string
  readonly many: string
  readonly syncType: string
  readonly filters: Readonly<Record<Filter, string>>
  readonly reader: DirectoryReader<A, Filter>
  readonly toItem: (item: A) => SelectorItem
}

const groupFilters: Record<GroupFilter, string> = {
  security: "Security",
  microsoft365: "Microsoft 365",
  dynamic: "Dynamic",
  role_assignable: "Role-assignable",
  synced: "On-premises"
}
const roleFilters: Record<RoleDefinitionFilter, string> = {
  built_in: "Built-in",
  custom: "Custom",
  privileged: "Privileged"
}

type Asked<A> = (
  actor: Actor,
  tenant: string,
  c: Context
) => Effect.Effect<A, Problems.Refusal | Problems.InvalidCursor>

/** One selector of a tenant's configuration. */
interface TenantSelector {
  readonly key: SelectorKey
  /** The selector as its page shows it. */
  readonly view: Asked<Selector>
  /** The options while a person types. */
  readonly options: Asked<Options>
}

const makeSelector = <A, Filter extends string>(runs: Runs["Service"], kind: Kind<A, Filter>): TenantSelector => {
  const { filters, reader, toItem, ...texts } = kind
  const names = Object.keys(filters) as Array<Filter>
  const stateOf = (c: Context) => readSelector(c, kind.key, names)
  const search = (actor: Actor, tenant: string, c: Context, limit: number) => {
    const { cursor, filters: wanted, query } = stateOf(c)
    return reader.search(actor, tenant, { query, filters: wanted, cursor, limit })
  }
  const activeRun = (actor: Actor, { activeRunId }: Freshness): Effect.Effect<Run | null> =>
    activeRunId === null
      ? Effect.succeed(null)
      : Effect.map(Effect.option(runs.get(actor, activeRunId)), Option.getOrNull)

  return {
    key: kind.key,
    view: Effect.fn("Selector.view")(function* (actor: Actor, tenant: string, c: Context) {
      const state = stateOf(c)
      const found = yield* search(actor, tenant, c, perPage)
      const { labels } = yield* reader.labels(actor, tenant, state.ids)
      const { freshness, items, nextCursor, typeMore } = found
      const selector: Selector = {
        ...texts,
        state,
        filters: names.map((name) => ({ name, label: filters[name] })),
        items: items.map(toItem),
        chosen: labels,
        nextCursor,
        typeMore,
        freshness,
        activeRun: yield* activeRun(actor, freshness)
      }
      return selector
    }),
    options: Effect.fn("Selector.options")(function* (actor: Actor, tenant: string, c: Context) {
      const { items, nextCursor, typeMore } = yield* search(actor, tenant, c, perList)
      return {
        title: kind.title,
        query: stateOf(c).query,
        items: items.map(toItem),
        more: typeMore || nextCursor !== null
      }
    })
  }
}

/** The selectors of a tenant's directory, from the cache only. */
export const makeSelectors = Effect.gen(function* () {
  const runs = yield* Runs
  return [
    makeSelector(runs, {
      key: "group",
      title: "Groups",
      one: "group",
      many: "groups",
      syncType: GroupsSync.operation.name,
      filters: groupFilters,
      reader: yield* DirectoryGroups,
      toItem: groupItem
    }),
    makeSelector(runs, {
      key: "role",
      title: "Role definitions",
      one: "role definition",
      many: "role definitions",
      syncType: RoleDefinitionsSync.operation.name,
      filters: roleFilters,
      reader: yield* DirectoryRoleDefinitions,
      toItem: roleItem
    })
  ] as const
})
