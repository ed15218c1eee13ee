import { OperationCatalog, type Run } from "@atlas/operations"
import { Effect, Option } from "effect"
import type { Tenant } from "./Accounts.ts"
import { runHref } from "./pages/components/format.ts"
import type { RunRow } from "./pages/components/RunsTable.tsx"

/** Names a run for people: its type's label and its tenant's name. */
export const makeRunRows = Effect.map(
  OperationCatalog,
  (catalog) =>
    (runs: ReadonlyArray<Run>, tenants: ReadonlyArray<Tenant>): ReadonlyArray<RunRow> =>
      runs.map((run) => ({
        run,
        label: Option.match(catalog.find(run.type), { onNone: () => run.type, onSome: ({ label }) => label }),
        tenantName: tenants.find(({ id }) => id === run.tenantId)?.name ?? run.tenantId,
        href: runHref(run.id)
      }))
)
