import type { Expected } from "./Expected.ts"

const rounds = ["directory_syncs_pkey", "inventory_sources_pkey"]
const sightings = ["directory_sightings_pkey", "inventory_sightings_pkey"]
const objects = ["directory_groups_pkey", "directory_role_definitions_pkey", "policies_pkey"]

/** Copies of collections: of groups, role definitions and policies. */
export const replica: Expected = {
  "ReplicaStore.state": ["directory_syncs_pkey"],
  "ReplicaStore.standing": [...rounds, ...sightings],
  "ReplicaStore.begin": [...rounds, ...sightings],
  "ReplicaStore.storePage": [...rounds, ...sightings, ...objects],
  "ReplicaStore.complete": [
    ...rounds,
    ...sightings,
    ...objects,
    "directory_groups_name | directory_groups_pkey",
    "directory_role_definitions_name | directory_role_definitions_pkey"
  ]
}
