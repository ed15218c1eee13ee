import { DirectoryCache } from "@atlas/directory"
import { AssignmentGroups } from "@atlas/intune"
import { Effect, Layer } from "effect"

/** What the directory cache knows of groups that policies are assigned to. One that it has never seen may be too new for it. */
export const assignmentGroups: Layer.Layer<never, never, DirectoryCache> = Layer.effect(
  AssignmentGroups,
  Effect.map(DirectoryCache, ({ groups }) => ({
    labels: Effect.fn("AssignmentGroups.labels")(function* (tenant, ids) {
      const labels = yield* groups.labels(tenant, ids)
      return labels.map(({ displayName, id, removal }) => ({ id, name: displayName, exists: removal === null }))
    })
  }))
)
