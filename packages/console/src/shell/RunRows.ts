import { OperationCatalog, type Run } from "@atlas/operations"
import { Effect, Option } from "effect"
import { Host, type Tenant } from "./Host.ts"
import type { ListedRun } from "./components/RunsTable.tsx"

/** Names runs for people: by the label of the operation and the name of the tenant. */
export const makeRunRows = Effect.map(
  Effect.all([OperationCatalog, Host]),
  ([catalog, { links }]) =>
    (runs: ReadonlyArray<Run>, tenants: ReadonlyArray<Tenant>): ReadonlyArray<ListedRun> =>
      runs.map((run) => ({
        run,
        label: Option.match(catalog.find(run.type), { onNone: () => run.type, onSome: ({ label }) => label }),
        tenantName: tenants.find(({ id }) => id === run.tenantId)?.name ?? run.tenantId,
        href: links.run(run.id)
      }))
)
