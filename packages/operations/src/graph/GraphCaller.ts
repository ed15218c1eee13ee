/**
 * Who asks Graph. What executes a handler provides the run's operation: its contracts and its priority. Every Graph adapter
 * refuses other contracts with `provider_contract_violation`, so that a handler can use only the permissions that verification
 * derives from its operation's contracts.
 *
 * @module
 */
import { Context } from "effect"
import type { GraphContract } from "./GraphContract.ts"

/** On whose behalf Graph is asked. */
export interface GraphCaller {
  /** `interactive`: somebody waits. Where requests have to queue, they go before `background` ones. */
  readonly priority: "interactive" | "background"
  /** The contracts that may be used; null for all. */
  readonly contracts: ReadonlySet<GraphContract> | null
}

/** The current caller. Outside runs, such as in a unit test of a flow, any contract may be used. */
export const GraphCaller = Context.Reference<GraphCaller>("@atlas/operations/GraphCaller", {
  defaultValue: () => ({ priority: "interactive", contracts: null })
})
