/**
 * Makes the fake's table of types from those that Microsoft publishes: the types of both versions that can be in the collections
 * that the fake serves, in one text.
 *
 * @module
 */
import { type GraphType, graphTypes, type Version } from "@atlas/test"

const versions: ReadonlyArray<readonly [Version, ReadonlyMap<string, GraphType>]> = [
  ["v1.0", graphTypes("v1.0")],
  ["beta", graphTypes("beta")]
]

const item = (declared: string) => declared.replace(/\[\]$/, "")
const ownName = (name: string) => `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`
const publishedName = (name: string) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`

const isEntity = (types: ReadonlyMap<string, GraphType>, name: string): boolean => {
  const base = types.get(name)?.base
  return name === "Entity" || (base !== undefined && isEntity(types, base))
}

/** Every type that an object of a root can be or hold, without what lies behind navigations that are not followed. */
const reachable = (roots: ReadonlyArray<string>, followed: ReadonlySet<string>): ReadonlySet<string> => {
  const found = new Set<string>()
  const visit = (name: string): void => {
    const there = versions.filter(([, types]) => types.has(name))
    if (found.has(name) || there.length === 0) return
    found.add(name)
    for (const [, types] of there) {
      const { members } = types.get(name) as GraphType
      for (const [member, declared] of members) {
        if (!isEntity(types, item(declared)) || followed.has(member)) visit(item(declared))
      }
      for (const [own, type] of types) if (type.base === name) visit(own)
    }
  }
  for (const root of roots) visit(publishedName(root))
  // Bases are there for their members, without the other types that extend them.
  for (const name of found) {
    for (const [, types] of versions) {
      const base = types.get(name)?.base
      if (base !== undefined) found.add(base)
    }
  }
  return found
}

/** One member: `+` only beta has it, `-` only v1.0; `>` it is a navigation; then its type, if that is in the table. */
const memberText = (name: string, owner: string, found: ReadonlySet<string>): string => {
  const there = versions.filter(([, types]) => types.get(owner)?.members.has(name))
  const [, types] = there.at(-1) ?? (versions[1] as (typeof versions)[number])
  const declared = types.get(owner)?.members.get(name) ?? ""
  const age =
    there.length === 2 || versions.some(([, all]) => !all.has(owner)) ? "" : there[0]?.[0] === "beta" ? "+" : "-"
  const kind = found.has(item(declared)) ? `:${ownName(declared)}` : declared.endsWith("[]") ? "[]" : ""
  return `${age}${isEntity(types, item(declared)) ? ">" : ""}${name}${kind}`
}

const wrapped = (words: ReadonlyArray<string>): string => {
  const lines: Array<string> = []
  for (const word of words) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + word.length < 120) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(lines.length === 0 ? word : `  ${word}`)
  }
  return lines.join("\n")
}

const typeText = (name: string, found: ReadonlySet<string>): string => {
  const there = versions.filter(([, types]) => types.has(name))
  const bases = [...new Set(there.map(([, types]) => ownName(types.get(name)?.base ?? "")))]
  const members = [...new Set(there.flatMap(([, types]) => [...(types.get(name)?.members.keys() ?? [])]))].toSorted()
  const age = there.length === 2 ? "" : there[0]?.[0] === "beta" ? "+" : "-"
  return wrapped([
    `${age}${ownName(name)}(${bases.join("|")})`,
    ...members.map((member) => memberText(member, name, found))
  ])
}

/** The table's text. */
export const typeTable = (roots: ReadonlyArray<string>, followed: ReadonlySet<string>): string => {
  const found = reachable(roots, followed)
  return [...found]
    .toSorted()
    .map((name) => typeText(name, found))
    .join("\n")
}
