import { FakeCollection } from "./FakeCollection.ts"
import type { FakeCredentials } from "./FakeCredentials.ts"
import type { FakeDirectory } from "./FakeDirectory.ts"

/** One Entra tenant of a fake Graph: a directory, other collections, and one app that may use them. */
export interface FakeTenant {
  readonly entraTenantId: string
  readonly displayName: string
  readonly clientId: string
  readonly clientSecret: string
  /** What else the app may prove itself with. */
  readonly credentials: FakeCredentials
  /** Names of the application permissions that new tokens carry. */
  readonly permissions: Set<string>
  /** Names of the application permissions that were granted; tokens follow after the replication lag. */
  readonly grants: Set<string>
  /** What the tenant has licences for. */
  readonly licenses: ReadonlySet<"intune">
  readonly directory: FakeDirectory
  /** A collection by its path below the version. */
  collection(path: string): FakeCollection
}

/**
 * The collections of a tenant, each made when it is first asked for.
 *
 * @param itemsOf what is in a collection at first
 */
export const makeCollections = (itemsOf: (path: string) => Iterable<{ readonly id: string }>) => {
  const collections = new Map<string, FakeCollection>()
  return (path: string): FakeCollection => {
    const known = collections.get(path)
    if (known !== undefined) return known
    const made = new FakeCollection(itemsOf(path))
    collections.set(path, made)
    return made
  }
}
