import type { PolicySource } from "../policies/PolicySource.ts"
import { policySources } from "../policies/policySources.ts"

/** The collections in the order in which a restore plans and writes them: what others refer to comes first. */
export const restoreOrder: ReadonlyArray<PolicySource> = [
  ...new Set<PolicySource>([
    policySources.scopeTags,
    policySources.assignmentFilters,
    policySources.namedLocations,
    ...Object.values(policySources)
  ])
]
