import { GroupLabels, RoleDefinitionLabels } from "@atlas/directory"
import { DirectoryObjects } from "@atlas/intune"
import { Effect, Layer } from "effect"

/** What the directory cache knows of the groups and roles that policies refer to, by id and by name. */
export const directoryObjects: Layer.Layer<never, never, GroupLabels | RoleDefinitionLabels> = Layer.effect(
  DirectoryObjects,
  Effect.gen(function* () {
    const labelsOf = { group: yield* GroupLabels, role: yield* RoleDefinitionLabels }
    return {
      find: Effect.fn("DirectoryObjects.find")(function* (tenant, { ids, kind, names }) {
        const labels = labelsOf[kind]
        const found = [...(yield* labels.of(tenant, ids)), ...(yield* labels.named(tenant, names))]
        const objects = found
          .filter(({ state }) => state !== "never_seen")
          .map(({ displayName, id, state }) => ({ id, name: displayName, exists: state === "exists" }))
        return {
          objects: [...new Map(objects.map((object) => [object.id, object])).values()],
          isComplete: yield* labels.isComplete(tenant)
        }
      }, Effect.orDie)
    }
  })
)
