import { GroupLabels } from "@atlas/directory"
import { AssignmentGroups } from "@atlas/intune"
import { Effect, Layer } from "effect"

/**
 * What the directory cache knows of the groups that policies are assigned to. A group that it has never seen may be too new for
 * it.
 */
export const assignmentGroups: Layer.Layer<never, never, GroupLabels> = Layer.effect(
  AssignmentGroups,
  Effect.map(GroupLabels, ({ of }) => ({
    labels: Effect.fn("AssignmentGroups.labels")(function* (tenant, ids) {
      const labels = yield* Effect.orDie(of(tenant, ids))
      return labels
        .filter(({ state }) => state !== "never_seen")
        .map(({ displayName, id, state }) => ({ id, name: displayName, exists: state === "exists" }))
    })
  }))
)
