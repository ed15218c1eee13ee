import { type Expected, onlyWrites } from "./Expected.ts"

const starts: Expected = {
  "Runs.start": ["operation_keys_pkey"],
  "Runs.start, new": onlyWrites,
  "Runs.start, equal": onlyWrites,
  "Runs.start, blocked": onlyWrites,
  "Runs.start, blocked, with a key": onlyWrites,
  "Runs.start, of everything": onlyWrites,
  "Runs.start, of some policies": onlyWrites,
  "Runs.start, with a key": ["operation_keys_pkey"],
  "Runs.start, equal, with another key": ["operation_keys_pkey"],
  "Runs.start, while another holds the tenant": ["operation_keys_pkey"],
  "Runs.start, in place of another": ["operation_runs_while_active"],
  "Runs.start, in place of one that is overdue": ["operation_runs_while_active", "all of operation_workers"],
  "Runs.retry": ["operation_keys_pkey", "operation_runs_pkey"],
  "SystemRuns.start": ["operation_keys_pkey"],
  "RunRecorder.recordAll": onlyWrites,
  "RunRecorder.bind": ["operation_keys_pkey"],
  "RunRecorder.joinBound": ["operation_runs_pkey"],
  "RunRecorder.joinActive": ["operation_runs_while_active"],
  "RunRecorder.joinActive, blocked, with a key": ["operation_keys_pkey", "operation_runs_while_active"],
  "RunRecorder.joinActive, equal, with another key": ["operation_keys_pkey", "operation_runs_while_active"],
  "RunRecorder.refuseBusy, while a gate is held": ["operation_runs_pkey"],
  "RunRecorder.refuseBusy, while another holds the tenant": ["operation_keys_pkey", "operation_runs_exclusive"]
}

const attempts: Expected = {
  // A place is looked for where a run is due whose concurrency is limited.
  "RunQueue.claim": [
    "operation_runs_pkey",
    "operation_runs_queue",
    "operation_runs_queue | operation_runs_lane_slot",
    "operation_runs_running"
  ],
  "RunQueue.claimOne": ["operation_runs_pkey", "operation_runs_lane_slot"],
  "RunQueue.fenceOf": ["operation_runs_pkey"],
  "RunLedger.heartbeat": ["operation_runs_running | operation_runs_pkey"],
  "RunLedger.progress": ["operation_runs_running | operation_runs_pkey"],
  "RunLedger.completeAll": ["operation_runs_running | operation_runs_pkey"],
  "RunLedger.retryLater": ["operation_runs_running | operation_runs_pkey"],
  "RunLedger.postpone": ["operation_runs_running | operation_runs_pkey"],
  "RunLedger.giveBack": ["operation_runs_running | operation_runs_pkey"],
  "RunLedger.returnUnbegun": ["operation_runs_running | operation_runs_pkey"],
  "RunLedger.refuseStaleWrite": ["operation_runs_pkey"],
  "RunLedger.refuseWork": ["operation_runs_pkey"],
  "RunCancellation.cancel": ["operation_runs_pkey"]
}

const anyActive = ["while_active", "status", "active", "queue"]
  .map((name) => `all of operation_runs_${name}`)
  .join(" | ")

const upkeep: Expected = {
  "WorkerRegistry.announce": ["operation_workers_pkey", "all of operation_workers"],
  "WorkerRegistry.stop": ["operation_workers_pkey | all of operation_workers"],
  "RunSweeps.endLapsed": ["operation_runs_running", "all of operation_runs_running"],
  "RunSweeps.failStale": [
    "operation_runs_queue",
    "all of operation_runs_queue",
    `${anyActive} | operation_runs_pkey`,
    "all of operation_workers"
  ],
  "RunHours.count": ["all of operation_runs_uncounted", "operation_runs_pkey", "operation_run_hours_key"],
  "RunGauges.measure": [anyActive],
  "RunRetention.remove": ["operation_runs_retention", "operation_runs_pkey", "operation_keys_run"]
}

// Whoever may see all of a workspace and who may see some tenants are asked the same statement.
const ofTenants = "operation_runs_tenant | operation_runs_tenant_type"
const ofActive = "operation_runs_status | operation_runs_active"

const lists: Expected = {
  "RunQueries.list, of a workspace": ["operation_runs_workspace", ofTenants],
  "RunQueries.list, of a workspace, the next page": ["operation_runs_workspace", ofTenants],
  "RunQueries.list, of some tenants": ["operation_runs_workspace", ofTenants],
  "RunQueries.list, of a tenant": ["operation_runs_tenant"],
  "RunQueries.list, of an operation": ["operation_runs_type", "operation_runs_tenant_type"],
  "RunQueries.list, of an operation in a tenant": ["operation_runs_tenant_type"],
  "RunQueries.list, queued": [ofActive],
  "RunQueries.list, running": [ofActive],
  "RunQueries.list, active": [ofActive],
  "RunQueries.list, completed": ["operation_runs_workspace", ofTenants],
  "RunQueries.list, pending": ["operation_runs_workspace", ofTenants],
  "RunQueries.list, succeeded": ["operation_runs_workspace", ofTenants],
  "RunQueries.list, partially_succeeded": ["operation_runs_outcome"],
  "RunQueries.list, failed": ["operation_runs_outcome", ofTenants],
  "RunQueries.list, blocked": ["operation_runs_outcome", ofTenants],
  "RunQueries.list, cancelled": ["operation_runs_outcome"],
  "RunQueries.list, for a reason of one spelling": ["operation_runs_reason"],
  "RunQueries.list, for a reason of several spellings": ["operation_runs_reason", ofTenants],
  "RunQueries.list, of a person": ["operation_runs_actor", ofTenants],
  // Nobody asks for a record alone: schedules name tenant and operation, too.
  "RunQueries.list, of a record": ["operation_runs_workspace | operation_runs_actor", ofTenants],
  "RunQueries.list, of a schedule": ["operation_runs_tenant_type"],
  "RunQueries.list, by the scheduler": ["operation_runs_active"],
  "RunQueries.list, of a time": ["operation_runs_workspace | operation_runs_pkey", ofTenants],
  "RunQueries.listAll, of all workspaces": ["all of operation_runs_pkey"],
  "RunQueries.listAll, of all workspaces, the next page": ["operation_runs_pkey"],
  "RunQueries.listAll, of all workspaces, active": [`all of operation_runs_pkey | ${anyActive}`],
  "RunQueries.listAll, of all workspaces, of an outcome": ["all of operation_runs_pkey"],
  "RunQueries.listAll, of all workspaces, of a time": ["operation_runs_pkey"],
  // Indexes begin with the workspace: Postgres 18 skips from one to the next, earlier ones read the newest runs.
  "RunQueries.listAll, of all workspaces, of a tenant": [
    "operation_runs_tenant | operation_runs_tenant_type | all of operation_runs_pkey"
  ]
}

const reads: Expected = {
  "RunQueries.find": ["operation_runs_pkey"],
  "RunQueries.among": ["operation_runs_pkey"],
  "RunQueries.latest": ["operation_runs_active", "operation_runs_tenant_type"],
  "RunQueries.lineage": ["operation_runs_pkey", "operation_runs_retry_of", "operation_runs_superseded_by"],
  "RunQueries.events": ["operation_run_events_pkey"],
  "RunQueries.tally": [ofActive],
  "RunQueries.tally, of an operation": ["operation_runs_active"],
  "RunHours.ended, of a workspace": ["operation_run_hours_key", "operation_runs_uncounted"],
  "RunHours.ended, of an operation": ["operation_run_hours_key", "operation_runs_uncounted"],
  "RunHours.ended, of some tenants": [
    "operation_run_hours_key",
    "operation_runs_uncounted | operation_runs_tenant | operation_runs_tenant_type"
  ],
  "WhyWaiting.of": [
    "operation_runs_pkey",
    "operation_runs_queue",
    "operation_runs_lane_slot",
    "operation_runs_exclusive",
    "all of operation_workers"
  ],
  "AuditLog.forbidden": ["operation_audit_rate"],
  "AuditLog.record": onlyWrites,
  "AuditLog.list": ["operation_audit_workspace"],
  "AuditLog.ofRun": ["operation_audit_run"],
  "AuditLog.ofRecord": ["operation_audit_record"]
}

/** The ledger. */
export const operations: Expected = { ...starts, ...attempts, ...upkeep, ...lists, ...reads }
