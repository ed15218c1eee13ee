/**
 * The types of Microsoft Graph that the fake's collections can hold, and what each version has of them.
 *
 * @module
 */
import { typeTable } from "./typeTable.ts"

/** A version of Graph. */
export type FakeVersion = "v1.0" | "beta"

/** A member of a type: a property, or a navigation to other objects. */
export interface TypeMember {
  readonly name: string
  readonly isNavigation: boolean
  /** The type of its values, if that is one of the table; undefined for plain values. */
  readonly type: string | undefined
  readonly isCollection: boolean
  readonly versions: ReadonlySet<FakeVersion>
}

interface TableType {
  readonly base: Readonly<Record<FakeVersion, string>>
  readonly members: ReadonlyMap<string, TypeMember>
  readonly versions: ReadonlySet<FakeVersion>
}

const versionsOf: Readonly<Record<string, ReadonlySet<FakeVersion>>> = {
  "": new Set(["v1.0", "beta"]),
  "-": new Set(["v1.0"]),
  "+": new Set(["beta"])
}

/** A member as the table writes it; of a type that is in one version only, it is in no other. */
const memberOf = (word: string, within: ReadonlySet<FakeVersion>): TypeMember => {
  const [, age = "", arrow, name = "", type, many] = /^([-+]?)(>?)(\w+)(?::(\w+))?(\[\])?$/.exec(word) ?? []
  return {
    name,
    isNavigation: arrow === ">",
    type,
    isCollection: many !== undefined,
    versions: age === "" ? within : (versionsOf[age] as ReadonlySet<FakeVersion>)
  }
}

const entryOf = (text: string): readonly [name: string, type: TableType] => {
  const [head = "", ...words] = text.split(/\s+/)
  const [, age = "", name = "", older = "", newer = older] = /^([-+]?)(\w+)\((\w*)(?:\|(\w*))?\)$/.exec(head) ?? []
  const versions = versionsOf[age] as ReadonlySet<FakeVersion>
  const members = words.filter(Boolean).map((word) => memberOf(word, versions))
  return [
    name,
    { base: { "v1.0": older, beta: newer }, members: new Map(members.map((member) => [member.name, member])), versions }
  ]
}

const types: ReadonlyMap<string, TableType> = new Map(
  typeTable
    .trim()
    .split(/\n(?! )/)
    .map(entryOf)
)

/** `#microsoft.graph.x` is the type `x`. */
export const typeName = (annotation: string): string => annotation.replace(/^#?microsoft\.graph\./, "")

/** Whether a type exists; in one version, or in any. */
export const hasType = (name: string, version?: FakeVersion): boolean => {
  const found = types.get(name)
  return found !== undefined && (version === undefined || found.versions.has(version))
}

/** Whether a type is another one or extends it, in beta or else in v1.0. */
export const isOfType = (name: string, base: string): boolean => {
  if (name === base) return true
  const type = types.get(name)
  const above = type?.base[type.versions.has("beta") ? "beta" : "v1.0"] ?? ""
  return above !== "" && isOfType(above, base)
}

const extended: ReadonlySet<string> = new Set([...types.values()].flatMap(({ base }) => Object.values(base)))

/** Types that others extend and that objects are of all the same. */
const concrete: ReadonlySet<string> = new Set([
  "androidDeviceOwnerWiFiConfiguration",
  "androidForWorkWiFiConfiguration",
  "androidManagedStoreApp",
  "androidWiFiConfiguration",
  "androidWorkProfileWiFiConfiguration",
  "aospDeviceOwnerWiFiConfiguration",
  "appListItem",
  "conditionalAccessPolicy",
  "deviceAndAppManagementAssignmentFilter",
  "deviceManagementConfigurationStringSettingValue",
  "groupAssignmentTarget",
  "iosVpnConfiguration",
  "iosWiFiConfiguration",
  "macOSWiFiConfiguration",
  "roleDefinition",
  "vpnProxyServer",
  "win32LobApp",
  "windows81VpnConfiguration",
  "windowsPhone81AppX",
  "windowsWifiConfiguration"
])

/** Whether no object is of a type itself: whoever writes one must name a type that extends it. */
export const isAbstract = (name: string): boolean => extended.has(name) && !concrete.has(name)

/** A member of a type or of its bases; undefined if the version has none of the name. */
export const findMember = (name: string, member: string, version: FakeVersion): TypeMember | undefined => {
  for (let type = types.get(name); type !== undefined; type = types.get(type.base[version])) {
    const found = type.members.get(member)
    if (found?.versions.has(version)) return found
  }
  return undefined
}

/** The members of a type without those of its bases. */
export const ownMembersOf = (name: string, version: FakeVersion): ReadonlyArray<TypeMember> =>
  [...(types.get(name)?.members.values() ?? [])].filter(({ versions }) => versions.has(version))

/** The members of a type with those of its bases. */
export const membersOf = (name: string, version: FakeVersion): ReadonlyArray<TypeMember> => {
  const base = types.get(name)?.base[version] ?? ""
  return [...ownMembersOf(name, version), ...(base === "" ? [] : membersOf(base, version))]
}

/** The names of all types. */
export const typeNames: ReadonlyArray<string> = [...types.keys()]
