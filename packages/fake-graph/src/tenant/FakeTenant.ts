import { FakeCollection } from "./FakeCollection.ts"
import type { FakeCredentials } from "./FakeCredentials.ts"
import type { FakeDirectory } from "./FakeDirectory.ts"
import { homeOf } from "./FakeResources.ts"

/** One Entra tenant of a fake Graph: a directory, other collections, and one app that may use them. */
export interface FakeTenant {
  readonly entraTenantId: string
  readonly displayName: string
  readonly clientId: string
  readonly clientSecret: string
  /** The further credentials of the app. */
  readonly credentials: FakeCredentials
  /** Names of the application permissions that new tokens carry. */
  readonly permissions: Set<string>
  /** Names of the granted application permissions. Tokens carry them after the replication lag. */
  readonly grants: Set<string>
  /** What the tenant has licences for. */
  readonly licenses: ReadonlySet<"intune">
  readonly directory: FakeDirectory
  /** A collection by its path below the version. */
  collection(path: string): FakeCollection
}

/** Makes the collections of a tenant, each when it is first asked for; `itemsOf` gives its first content. */
export const makeCollections = (itemsOf: (path: string) => Iterable<{ readonly id: string }>) => {
  const collections = new Map<string, FakeCollection>()
  return (asked: string): FakeCollection => {
    const path = homeOf(asked)
    const known = collections.get(path)
    if (known !== undefined) return known
    const made = new FakeCollection(itemsOf(path))
    collections.set(path, made)
    return made
  }
}
