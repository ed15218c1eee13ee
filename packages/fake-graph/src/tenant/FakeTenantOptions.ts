/**
 * The tenants of a fake, as a test describes them and as the fake then has them. What the options leave out is generated from a
 * seed, so that a test states only what it is about.
 *
 * @module
 */
import type { FakeCredentials } from "./FakeCredentials.ts"
import type { FakeItem } from "./FakeCollection.ts"
import type { FakeData } from "./FakeData.ts"
import { FakeDirectory } from "./FakeDirectory.ts"
import { type FakeGroup, generateGroups } from "./FakeGroups.ts"
import { generateItems } from "./FakePolicies.ts"
import { guestsOf } from "./FakeResources.ts"
import { grantable } from "../metadata/Permissions.ts"
import { type FakeTenant, makeCollections } from "./FakeTenant.ts"

/** One tenant of a fake. Every option has a default. */
export interface FakeTenantOptions {
  /** The host's id of the tenant. Default: the Entra tenant id. */
  readonly tenantId?: string
  readonly entraTenantId?: string
  readonly displayName?: string
  readonly clientId?: string
  readonly clientSecret?: string
  /** Further credentials of the app. */
  readonly credentials?: FakeCredentials
  /** Granted application permissions, of any that the fake's routes ask for; another one throws. Default: those for groups, role definitions and the organization. */
  readonly permissions?: ReadonlyArray<string>
  /** How many groups to generate, or the groups themselves. Default 100. */
  readonly groups?: number | Iterable<FakeGroup>
  /** How many objects of another collection to generate, or the objects themselves, by its path. Default 10 each. */
  readonly collections?: Readonly<Record<string, number | Iterable<FakeItem>>>
  /** A folder's content, from `loadData`, instead of generated objects. */
  readonly data?: FakeData
  /** The seed of what is generated. Default: the tenant's number in the list, from 1. */
  readonly seed?: number
  /** What the tenant has licences for. Default: Intune. */
  readonly licenses?: ReadonlyArray<"intune">
}

/** A tenant of the fake, and the credentials of its app. */
export interface FakeTenantInfo extends Pick<
  FakeTenant,
  "entraTenantId" | "displayName" | "clientId" | "clientSecret" | "credentials"
> {
  readonly tenantId: string
  readonly permissions: ReadonlySet<string>
}

const numbered = (digit: number, index: number): string =>
  `${String(digit).repeat(8)}-0000-4000-8000-${String(index + 1).padStart(12, "0")}`

const defaultPermissions = ["GroupMember.Read.All", "RoleManagement.Read.Directory", "Organization.Read.All"]

/** Objects that are given for a collection of one type say so where those of other types are, too. */
const typed = (given: number | Iterable<FakeItem> | undefined, type: string): ReadonlyArray<FakeItem> =>
  given === undefined || typeof given === "number"
    ? []
    : Array.from(given, (item) => ({ "@odata.type": `#microsoft.graph.${type}`, ...item }))

/**
 * Makes a tenant from its options and defaults.
 *
 * @param index its place among the tenants of a fake, from 0; default ids and names follow from it
 */
export const makeTenant = (options: FakeTenantOptions, index: number): FakeTenant & FakeTenantInfo => {
  const { collections = {}, data, seed = index + 1, entraTenantId = numbered(1, index) } = options
  const groups = options.groups ?? data?.groups ?? 100
  const permissions = grantable(options.permissions ?? defaultPermissions)
  const directory = new FakeDirectory(typeof groups === "number" ? generateGroups(groups, seed) : groups)
  const givenOf = (path: string) => collections[path] ?? data?.collections.get(path)
  const first = new Map<string, ReadonlyArray<FakeItem>>([["groups", directory.some(100).map(({ id }) => ({ id }))]])
  const firstOf = (path: string): ReadonlyArray<FakeItem> => {
    const given = givenOf(path)
    const guests = guestsOf(path).flatMap((guest) => typed(givenOf(guest.path), guest.type))
    if (typeof given === "object") return [...given, ...guests]
    return guests.length > 0 ? guests : generateItems(path, { seed, count: given, around: { idsOf } })
  }
  const itemsOf = (path: string): ReadonlyArray<FakeItem> => {
    const items = first.get(path) ?? firstOf(path)
    first.set(path, items)
    return items
  }
  const collection = makeCollections(itemsOf)
  const isThere = (path: string, id: string): boolean =>
    (path === "groups" ? directory : collection(path)).get(id) !== undefined
  // What is generated when it is first asked for refers to what was there from the beginning, and not to what clients made since.
  const idsOf = (path: string): ReadonlyArray<string> =>
    itemsOf(path).flatMap(({ id }) => (isThere(path, id) ? [id] : []))
  return {
    entraTenantId,
    tenantId: options.tenantId ?? entraTenantId,
    displayName: options.displayName ?? `Fake tenant ${index + 1}`,
    clientId: options.clientId ?? numbered(2, index),
    clientSecret: options.clientSecret ?? `fake-secret-${index + 1}`,
    credentials: options.credentials ?? {},
    permissions: new Set(permissions),
    grants: new Set(permissions),
    licenses: new Set(options.licenses ?? ["intune"]),
    collection,
    directory
  }
}
