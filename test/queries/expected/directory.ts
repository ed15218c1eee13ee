import type { Expected } from "./Expected.ts"

const [groups, roles] = ["directory_groups", "directory_role_definitions"]

/** Searches in the cached directory. */
export const directory: Expected = {
  "CollectionReads.findBeginning, all groups": [`${groups}_name`],
  "CollectionReads.findBeginning, all groups, the next page": [`${groups}_name`],
  "CollectionReads.findBeginning, security": [`${groups}_name`],
  "CollectionReads.findBeginning, microsoft365": [`${groups}_unified`],
  "CollectionReads.findBeginning, dynamic": [`${groups}_dynamic`],
  "CollectionReads.findBeginning, role_assignable": [`${groups}_role_assignable`],
  "CollectionReads.findBeginning, synced": [`${groups}_synced`],
  "CollectionReads.findBeginning, groups by a letter": [`${groups}_name`],
  "CollectionReads.findAmongNames, groups by a letter": [`${groups}_name`, `${groups}_pkey`],
  "CollectionReads.findBeginning, groups by a part": [`${groups}_name`],
  "CollectionReads.findByPart, groups by a part": [
    "directory_syncs_pkey",
    `${groups}_name`,
    `${groups}_pkey`,
    `${groups}_infix`
  ],
  "CollectionReads.findByPart, groups by a part, the next page": [
    "directory_syncs_pkey",
    `${groups}_name`,
    `${groups}_pkey`,
    `${groups}_infix`
  ],
  "CollectionReads.findBeginning, all roles": [`${roles}_name`],
  "CollectionReads.findBeginning, roles by a part": [`${roles}_name`],
  "CollectionReads.findAmongNames, roles by a part": [`${roles}_name | ${roles}_pkey`, `${roles}_pkey`],
  "CollectionReads.byIds, groups": [`${groups}_pkey`],
  "CollectionReads.byIds, roles": [`${roles}_pkey`],
  "CollectionReads.named, groups": [`${groups}_name`],
  "CollectionReads.named, roles": ["directory_role_definitions_name"],
  "CollectionReads.labels, groups": [`${groups}_pkey`],
  "CollectionReads.labels, roles": [`${roles}_pkey`]
}
