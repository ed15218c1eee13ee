import { Folding, Storable } from "@atlas/operations"
import { DateTime, Option, Predicate } from "effect"
import type { PolicyObject } from "./PolicyObject.ts"
import type { GraphObject } from "./PolicySource.ts"
import type { PolicyType } from "./PolicyType.ts"

/** What lists show of a policy. */
export interface PolicyFacts {
  readonly title: string
  /** The title as searches compare it. */
  readonly foldedTitle: string
  /** Such as `windows`, `ios`, `macos` or `android`; null if the policy has none. */
  readonly platform: string | null
  readonly lastModified: DateTime.Utc | null
  readonly scopeTags: ReadonlyArray<string>
}

const text = (value: unknown): string | null => (Predicate.isString(value) && value.trim() !== "" ? value : null)

const titleOf = (type: PolicyType | null, { body, id }: PolicyObject) =>
  Storable.nearest(text(body[type?.title ?? "displayName"]) ?? text(body["displayName"]) ?? text(body["name"]) ?? id)

const platforms = ["windows", "ios", "macos", "android", "linux"]
const ofTypes: ReadonlyArray<readonly [pattern: RegExp, platform: string]> = [
  [/^(windows|win32|sharedPC|editionUpgrade|deviceComanagement)/i, "windows"],
  [/^(ios|iPad)/i, "ios"],
  [/^macOS/i, "macos"],
  [/^(android|aosp)/i, "android"]
]

/** What the policy itself says, otherwise what the name of its type says. */
const platformOf = (odataType: string | null, body: GraphObject): string | null => {
  const said = text(body["platforms"]) ?? text(body["platform"]) ?? text(body["platformType"])
  if (said !== null && said !== "none") {
    const known = platforms.find((name) => said.toLowerCase().startsWith(name))
    return known ?? Storable.nearest(said.toLowerCase())
  }
  const name = odataType?.replace(/^#?microsoft\.graph\./i, "") ?? ""
  return ofTypes.find(([pattern]) => pattern.test(name))?.[1] ?? null
}

const instantOf = (value: unknown) => Option.getOrNull(Option.flatMap(Option.fromNullOr(text(value)), DateTime.make))

/** Finds out what lists show of a policy, by its kind if it has one. */
export const policyFacts = (type: PolicyType | null, policy: PolicyObject): PolicyFacts => {
  const { body, odataType } = policy
  const title = titleOf(type, policy)
  const tags = body["roleScopeTagIds"] ?? body["roleScopeTags"]
  const modified = instantOf(body["lastModifiedDateTime"]) ?? instantOf(body["modifiedDateTime"])
  return {
    title,
    foldedTitle: Folding.foldName(title),
    platform: platformOf(odataType, body),
    lastModified: modified === null ? null : DateTime.toUtc(modified),
    scopeTags: Array.isArray(tags) ? tags.filter(Predicate.isString).map(Storable.nearest).sort() : []
  }
}
