import { GroupLabels } from "@atlas/directory"
import { AssignmentGroups } from "@atlas/intune"
import { Effect, Layer } from "effect"

/** What the directory cache knows of the groups that policies are assigned to, by id and by name. */
export const assignmentGroups: Layer.Layer<never, never, GroupLabels> = Layer.effect(
  AssignmentGroups,
  Effect.map(GroupLabels, (labels) => ({
    find: Effect.fn("AssignmentGroups.find")(function* (tenant, { ids, names }) {
      const found = [...(yield* labels.of(tenant, ids)), ...(yield* labels.named(tenant, names))]
      const groups = found
        .filter(({ state }) => state !== "never_seen")
        .map(({ displayName, id, state }) => ({ id, name: displayName, exists: state === "exists" }))
      return {
        groups: [...new Map(groups.map((group) => [group.id, group])).values()],
        isComplete: yield* labels.isComplete(tenant)
      }
    }, Effect.orDie)
  }))
)
