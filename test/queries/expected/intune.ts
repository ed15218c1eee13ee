import { type Expected, onlyWrites } from "./Expected.ts"

const schedule = "backup_schedules_pkey | backup_schedules_tenant"
const restore = "restores_pkey | restores_tenant"
const itemsOfBackup = "backup_items_pkey | backup_items_title"

const inventory: Expected = {
  "Inventory.search, all": ["policies_title"],
  "Inventory.search, all, the next page": ["policies_title"],
  "Inventory.search, by a part": ["policies_title"],
  "Inventory.search, of a kind": ["policies_type"],
  "Inventory.search, of several kinds": ["policies_title | policies_type"],
  "Inventory.search, of a platform": ["policies_title"],
  "Inventory.search, findings": ["policies_type"],
  "Inventory.get": ["policies_pkey"],
  "Inventory.content": ["policies_pkey"],
  "Inventory.summary": ["policies_title | policies_type | policies_content", "inventory_sources_pkey"]
}

const contents: Expected = {
  "SnapshotStore.listMissing": ["policy_snapshots_pkey"],
  "SnapshotStore.insert": onlyWrites,
  "SnapshotStore.list": ["policy_snapshots_pkey"],
  "SnapshotStore.sweep": [
    "policy_snapshots_pkey",
    "policies_content",
    "policies_assignments | policies_content",
    "backup_items_content",
    "backup_items_assignments",
    "restore_items_content_hash",
    "restore_items_assignments_hash",
    "restore_items_seen_hash",
    "restore_items_seen_assignments_hash"
  ],
  "SecretStore.findSalt": ["policy_salts_pkey"],
  "SecretStore.insertSalt": onlyWrites,
  "SecretStore.listKnown": ["policy_secrets_pkey"],
  "SecretStore.insert": onlyWrites,
  "SecretStore.list": ["policy_secrets_pkey"],
  "SecretStore.listOutdated": [
    "all of policy_salts | policy_salts_pkey",
    "all of policy_secrets | policy_secrets_pkey"
  ],
  "SecretStore.reseal": ["policy_salts_pkey", "policy_secrets_pkey"]
}

const backups: Expected = {
  "ScheduleStore.list": ["backup_schedules_tenant"],
  "ScheduleStore.find": [schedule],
  "ScheduleStore.lock": [schedule],
  "ScheduleStore.exists": [schedule],
  "ScheduleStore.findEvenDeleted": ["backup_schedules_pkey"],
  "ScheduleStore.insert": onlyWrites,
  "ScheduleStore.lockKey": [],
  "ScheduleStore.findByKey": ["backup_schedules_key"],
  "ScheduleStore.noteKey": ["backup_schedules_pkey"],
  "ScheduleStore.change": ["backup_schedules_pkey"],
  "ScheduleStore.setPaused": ["backup_schedules_pkey"],
  "ScheduleStore.remove": ["backup_schedules_pkey"],
  "ScheduleStore.listSlots": ["backup_schedule_slots_pkey"],
  "ScheduleStore.lockDue": ["backup_schedules_due"],
  "ScheduleStore.listDecided": ["backup_schedule_slots_pkey"],
  "ScheduleStore.decide": ["backup_schedules_pkey"],
  "ScheduleStore.recordMissed": ["backup_schedules_pkey", "backup_schedule_slots_pkey"],
  "ScheduleStore.postpone": ["backup_schedules_pkey"],
  "RetentionStore.look": [
    "backup_schedules_retention",
    "backup_schedules_pkey",
    "backup_sets_schedule",
    "restores_set"
  ],
  "RetentionStore.expire": [
    "backup_schedules_pkey",
    "backup_sets_schedule",
    "backup_sets_pkey",
    "restores_set",
    itemsOfBackup,
    "backup_references_pkey"
  ],
  "BackupStore.open": ["backup_sets_run_id_key"],
  "BackupStore.restart": ["backup_items_pkey"],
  "BackupStore.add": ["backup_items_pkey"],
  "BackupStore.conclude": ["backup_sets_pkey"],
  "BackupStore.seal": ["backup_sets_pkey", "backup_schedules_pkey", itemsOfBackup],
  "ReferenceStore.add": ["backup_references_pkey"],
  "ReferenceStore.nameOwn": ["backup_references_pkey", itemsOfBackup],
  "ReferenceStore.listUnnamed": ["backup_references_pkey"],
  "ReferenceStore.name": ["backup_references_pkey"],
  "ReferenceStore.list": ["backup_references_pkey"],
  "BackupReads.list, of a tenant": ["backup_sets_tenant"],
  "BackupReads.list, of a tenant, the next page": ["backup_sets_tenant"],
  "BackupReads.list, of a schedule": ["backup_sets_listed"],
  "BackupReads.find": ["backup_sets_pkey"],
  "BackupReads.findOfRun": ["backup_sets_run_id_key"],
  "BackupReads.listItems, all": ["backup_items_title"],
  "BackupReads.listItems, all, the next page": ["backup_items_title"],
  "BackupReads.listItems, by a part": ["backup_items_title"],
  "BackupReads.findItem": ["backup_items_pkey"],
  "BackupReads.readTenant": ["backup_sets_pkey"],
  "BackupReads.listManifest": [itemsOfBackup],
  "BackupReads.readSeal": ["backup_sets_pkey", itemsOfBackup]
}

const restores: Expected = {
  "RestoreStore.find": [restore],
  "RestoreStore.lock": [restore],
  "RestoreStore.readState": [restore],
  "RestoreStore.list, of a tenant": ["restores_tenant"],
  "RestoreStore.list, of a backup, the next page": ["restores_set | restores_tenant"],
  "RestoreStore.insert": ["backup_sets_pkey", itemsOfBackup, "restores_plan_digest_key"],
  "RestoreStore.listContents": ["backup_sets_pkey", itemsOfBackup],
  "RestoreStore.findEarlier": ["restores_plan_digest_key"],
  "RestoreStore.noteSafety": ["restores_pkey"],
  "RestoreItemStore.list": ["restore_items_pkey"],
  "RestoreItemStore.tally": ["restore_items_pkey"],
  "RestoreItemStore.readProgress": ["restores_pkey", "restore_items_pkey"],
  "RestoreItemStore.readOrigin": ["restores_pkey", "backup_sets_pkey"],
  "RestoreItemStore.listTargets": ["restore_items_pkey"],
  "RestoreItemStore.listUnplanned": ["restores_pkey", "restore_items_pkey", itemsOfBackup],
  "RestoreItemStore.storePlans": ["restore_items_pkey"],
  "RestoreItemStore.forgetPlan": ["restore_items_pkey"],
  "RestoreItemStore.listOverwritten": ["restores_pkey", "restore_items_pkey", itemsOfBackup],
  "RestoreItemStore.listUnwritten": ["restores_pkey", "restore_items_pkey", itemsOfBackup],
  "RestoreItemStore.noteResult": ["restore_items_pkey"],
  "RestoreItemStore.listCreated": ["restore_items_pkey"],
  "RestoreItemStore.listKnown": ["restore_items_pkey", "restores_pkey", "backup_items_pkey"],
  "RestoreItemStore.listUnchosen": ["restores_pkey", "backup_items_pkey", "restore_items_pkey"],
  "RestoreState.preview": [restore],
  "RestoreState.plan": [restore],
  "RestoreState.confirm": [restore],
  "RestoreState.start": [restore],
  "RestoreState.begin": [restore, "backup_sets_pkey"],
  "RestoreState.finish": [restore],
  "RestoreState.archive": [restore]
}

const drift: Expected = {
  "DriftStore.hasBackup": ["backup_sets_pkey"],
  "DriftStore.isImported": ["backup_sets_pkey"],
  "DriftStore.inventorySources": ["inventory_sources_pkey"],
  "DriftStore.backupSources": ["backup_sets_pkey", "backup_items_pkey"],
  "DriftStore.listInventory": ["policies_pkey | policies_type"],
  "DriftStore.listBackup": ["backup_items_pkey"],
  "DriftStore.listUnread": ["backup_sets_pkey"],
  "DriftStore.listReferred": ["policies_pkey | policies_type"],
  "DriftStore.restart": ["policy_drift_pkey"],
  "DriftStore.add": onlyWrites,
  "DriftStore.list": ["policy_drift_pkey"]
}

/** Inventory, backups, restores and comparisons. */
export const intune: Expected = { ...inventory, ...contents, ...backups, ...restores, ...drift }
