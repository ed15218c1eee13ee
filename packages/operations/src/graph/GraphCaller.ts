import { Context } from "effect"
import type { GraphContract } from "./GraphContract.ts"

/** On whose behalf Graph is asked. */
export interface GraphCaller {
  /** `interactive`: somebody waits; served before `background` where requests have to queue. */
  readonly priority: "interactive" | "background"
  /** The contracts that may be used; null where any may. */
  readonly contracts: ReadonlySet<GraphContract> | null
}

/**
 * Who asks Graph: while a handler runs, the run's operation, with the contracts that it lists and its priority.
 * Outside of runs, as in a flow's unit test, any contract may be used. Whatever executes handlers provides it, and every
 * Graph adapter refuses other contracts with `provider_contract_violation`: so the permissions that verification derives
 * from a type's contracts are all that its handler can use.
 */
export const GraphCaller = Context.Reference<GraphCaller>("@atlas/operations/GraphCaller", {
  defaultValue: () => ({ priority: "interactive", contracts: null })
})
