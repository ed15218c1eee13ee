/** What may be read from end to end, each with the reason. */
export const wholes: Readonly<Record<string, string>> = {
  operation_workers: "has a row for each process of the last month",
  operation_runs_active: "has what is queued or running, and all of that is wanted",
  operation_runs_pkey: "is read from its end, the newest runs, until a page is full",
  operation_runs_queue: "has what is queued: read as far as its first entry, or all of that is wanted",
  operation_runs_running: "has what workers execute at this moment",
  operation_runs_status: "has what is queued or running, and all of that is wanted",
  operation_runs_uncounted: "has what has ended in the seconds since it was counted last",
  operation_runs_while_active: "has what is queued or running, and all of that is wanted",
  inventory_sync_runs: "is history: a command looks through it, to map its records to runs",
  entra_group_sync_runs: "is history: a command looks through it, to map its records to runs",
  backup_schedule_runs: "is history: a command looks through it, to map its records to runs",
  operation_runs: "is looked through by the command that finds the runs of old records",
  policy_salts: "is looked through after the host's secret was changed",
  policy_secrets: "is looked through after the host's secret was changed"
}
