/**
 * The columns of a run as the `Run` schema reads them. Aliases are explicit and jsonb arrives as text, so that the
 * ledger works whatever name transforms the host's SQL client has.
 */
export const runColumns = (alias: string): string =>
  [
    ["id", "id"],
    ["workspace_id", "workspaceId"],
    ["tenant_id", "tenantId"],
    ["type", "type"],
    ["status", "status"],
    ["outcome", "outcome"],
    ["actor::text", "actor"],
    ["identity_rule", "identityRule"],
    ["identity_key", "identityKey"],
    ["input::text", "input"],
    ["context::text", "context"],
    ["summary_counts::text", "summaryCounts"],
    ["failure_summary::text", "failureSummary"],
    ["reason_code", "reasonCode"],
    ["attempt", "attempt"],
    ["max_attempts", "maxAttempts"],
    ["fence", "fence"],
    ["version", "version"],
    ["last_event", "lastEvent"],
    ["queued_at", "queuedAt"],
    ["available_at", "availableAt"],
    ["started_at", "startedAt"],
    ["deadline", "deadline"],
    ["completed_at", "completedAt"],
    ["worker", "worker"],
    ["cancel_requested_at", "cancelRequestedAt"],
    ["cancel_requested_by::text", "cancelRequestedBy"],
    ["superseded_by", "supersededBy"],
    ["retry_of", "retryOf"]
  ]
    .map(([column, name]) => `${alias}.${column} AS "${name}"`)
    .join(", ")
