import type { Expected } from "./Expected.ts"

const [groups, roles] = ["directory_groups", "directory_role_definitions"]

/** Searches in the cached directory. */
export const directory: Expected = {
  "CollectionReads.search, all groups": [`${groups}_name`],
  "CollectionReads.search, all groups, the next page": [`${groups}_name`],
  "CollectionReads.search, security": [`${groups}_name`],
  "CollectionReads.search, microsoft365": [`${groups}_unified`],
  "CollectionReads.search, dynamic": [`${groups}_dynamic`],
  "CollectionReads.search, role_assignable": [`${groups}_role_assignable`],
  "CollectionReads.search, synced": [`${groups}_synced`],
  "CollectionReads.search, groups by a letter": [
    `${groups}_name`,
    `${groups}_pkey`,
    `all of ${groups} | ${groups}_infix | ${groups}_name`
  ],
  "CollectionReads.search, groups by a part": [
    "directory_syncs_pkey",
    `${groups}_name`,
    `${groups}_pkey`,
    `${groups}_infix`
  ],
  "CollectionReads.search, groups by a part, the next page": [
    "directory_syncs_pkey",
    `${groups}_name`,
    `${groups}_pkey`,
    `${groups}_infix`
  ],
  "CollectionReads.search, all roles": [`${roles}_name | ${roles}_pkey`],
  "CollectionReads.search, roles by a part": [`${roles}_name | ${roles}_pkey | all of ${roles}`],
  "CollectionReads.byIds, groups": [`${groups}_pkey`],
  "CollectionReads.byIds, roles": [`${roles}_pkey`],
  "CollectionReads.labels, groups": [`${groups}_pkey`],
  "CollectionReads.labels, roles": [`${roles}_pkey`]
}
