/**
 * Policies of every type that Microsoft publishes, with any of its members: what a restore must be able to bring back, whatever
 * Atlas knows of the type.
 *
 * @module
 */

import { graphTypes } from "@atlas/test"

/** A source of numbers from 0 to 1, the same for the same seed. */
export type Random = () => number

/** Mulberry32. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const pick = <A>(random: Random, from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)] as A

export const uuid = (random: Random) =>
  "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => Math.floor(random() * 16).toString(16))

const beta = graphTypes("beta")
/** In JSON, the name of a type begins in lower case. */
const inJson = (name: string) => `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`
const inTypes = (name: string) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`

const basesOf = (type: string): ReadonlyArray<string> => {
  const base = beta.get(type)?.base
  return base === undefined ? [] : [base, ...basesOf(base)]
}

const membersOf = (type: string): ReadonlyArray<readonly [name: string, declared: string]> =>
  [type, ...basesOf(type)].flatMap((each) => [...(beta.get(each)?.members ?? [])])

/** Entities are at routes of their own, and so are the types that only others extend. */
const isEntity = (type: string) => [type, ...basesOf(type)].includes("Entity")
const extended = new Set([...beta.values()].map(({ base }) => base))

const texts = [
  "",
  "Zürich",
  "{{DeviceName}}",
  "1.2.3",
  "a\nb",
  "2026-11-28T02:00:00Z",
  "00000000-0000-0000-0000-000000000000"
]

const valueOf = (random: Random, declared: string, depth: number): unknown => {
  if (declared.endsWith("[]")) {
    const item = declared.slice(0, -2)
    return Array.from({ length: Math.floor(random() * 3) }, () => valueOf(random, item, depth)).filter(
      (each) => each !== undefined
    )
  }
  if (declared === "boolean") return random() < 0.5
  if (declared === "number") return Math.floor(random() * 1_000)
  if (!beta.has(declared)) return pick(random, texts)
  if (isEntity(declared) || extended.has(declared) || depth === 0) return undefined
  return bodyOf(random, declared, depth - 1)
}

const bodyOf = (random: Random, type: string, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    membersOf(type).flatMap(([name, declared]) => {
      const chance = random()
      // What is no XML there is a placeholder of Graph's.
      if (name === "configurationXml") return [[name, Buffer.from(`<dict>${random()}</dict>`).toString("base64")]]
      // References have values that exist, or none.
      if (/Ids?$/.test(name)) return []
      const value = chance < 0.15 ? null : chance < 0.3 ? undefined : valueOf(random, declared, depth)
      return value === undefined ? [] : [[name, value]]
    })
  )

/**
 * A policy of a type, by its name in JSON, with some of its members as Microsoft declares them. Its parts that are entities, such
 * as assignments, are left out, and so are the ids of other objects.
 */
export const microsoftObject = (random: Random, type: string): Record<string, unknown> => ({
  ...bodyOf(random, inTypes(type), 2),
  "@odata.type": `#microsoft.graph.${inJson(type)}`,
  id: uuid(random)
})
