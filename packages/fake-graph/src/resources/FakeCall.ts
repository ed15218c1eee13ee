import type { FakeRequest } from "../FakeRequest.ts"
import type { FakeTenant } from "../tenant/FakeTenant.ts"
import type { Random } from "../FakeRandom.ts"
import type { Fault } from "../faults/Fault.ts"

/** How a fake serves the changes of a collection. */
export interface FakeDeltaSettings {
  /** Groups on a page. */
  readonly pageSize: number
  /** How long a token is good for. */
  readonly tokenLifetimeMillis: number
  /** Whether what Graph may do is done: duplicates, replays, any order, empty pages, removals in the first round. */
  readonly irregular: boolean
}

/** One authorised request, on its way to the resource that answers it. */
export interface FakeCall {
  readonly request: FakeRequest
  readonly tenant: FakeTenant
  /** The permissions in the token. */
  readonly roles: ReadonlySet<string>
  /** One that concerns pages, if any strikes. */
  readonly fault: Fault | undefined
  /** Epoch milliseconds. */
  readonly now: number
  readonly random: Random
  readonly delta: FakeDeltaSettings
}
