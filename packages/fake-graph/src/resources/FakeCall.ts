/**
 * What a request carries on its way from the engine to the handler of a resource.
 *
 * @module
 */
import type { FakeRequest } from "../FakeRequest.ts"
import type { FakeTenant } from "../tenant/FakeTenant.ts"
import type { Random } from "../FakeRandom.ts"
import type { Fault } from "../faults/Fault.ts"

/** How a fake serves the changes of a collection. */
export interface FakeDeltaSettings {
  /** The most groups on a page. */
  readonly pageSize: number
  /** How long a token is valid. */
  readonly tokenLifetimeMillis: number
  /** Whether to do what Graph may do: duplicates, replays, any order, empty pages, removals in the first round. */
  readonly irregular: boolean
}

/** One authenticated request, on its way to the resource that answers it. */
export interface FakeCall {
  readonly request: FakeRequest
  readonly tenant: FakeTenant
  /** The permissions in the token. */
  readonly roles: ReadonlySet<string>
  /** A fault for the handler to apply, if one strikes. */
  readonly fault: Fault | undefined
  /** Epoch milliseconds. */
  readonly now: number
  readonly random: Random
  readonly delta: FakeDeltaSettings
}
