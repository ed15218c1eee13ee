import type { FakeCredentials } from "./FakeCredentials.ts"
import type { FakeDirectory } from "./FakeDirectory.ts"

/** One Entra tenant of a fake Graph: a directory, and one app that may read it. */
export interface FakeTenant {
  readonly entraTenantId: string
  readonly displayName: string
  readonly clientId: string
  readonly clientSecret: string
  /** What else the app may prove itself with. */
  readonly credentials: FakeCredentials
  /** Names of granted application permissions. */
  readonly permissions: ReadonlySet<string>
  readonly directory: FakeDirectory
}
