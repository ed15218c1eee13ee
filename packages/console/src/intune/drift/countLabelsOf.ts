import { DriftCompare } from "@atlas/intune"
import type { Run } from "@atlas/operations"
import { Option, Schema } from "effect"
import type { CountLabels } from "../../shell/components/Counts.tsx"

const decodeInput = Schema.decodeUnknownOption(DriftCompare.operation.input)

const sides: Record<DriftCompare.PolicyState["kind"], string> = {
  backup: "the backup",
  inventory: "the inventory",
  live: "the tenant"
}

/** What the counts of a comparison mean: which side a policy is on. Nothing was created, updated or removed. */
export const countLabelsOf = ({ input, type }: Pick<Run, "input" | "type">): CountLabels => {
  if (type !== DriftCompare.operation.name) return {}
  return Option.match(decodeInput(input), {
    onNone: () => ({}),
    onSome: ({ from, to }) => {
      const [before, after] =
        from.kind === to.kind ? ["the first state", "the second state"] : [sides[from.kind], sides[to.kind]]
      return { removed: `Only in ${before}`, updated: "Changed", created: `Only in ${after}` }
    }
  })
}
