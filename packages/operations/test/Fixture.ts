import * as Pg from "../src/pg.ts"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer, Option, Schema } from "effect"
import {
  Access,
  type Actor,
  type Capability,
  type Grant,
  Operations,
  Operation,
  TenantId,
  WorkspaceId
} from "../src/index.ts"

const northwind = WorkspaceId.make("northwind")
const fourthCoffee = WorkspaceId.make("fourth-coffee")
export const contoso = TenantId.make("contoso")
export const fabrikam = TenantId.make("fabrikam")
export const adatum = TenantId.make("adatum")

const workspaceOf = new Map([
  ["contoso", northwind],
  ["fabrikam", northwind],
  ["adatum", fourthCoffee]
])

/** An operation for tests: starts with the same `key` are the same start. */
export const Work = Operation.make({
  name: "test.work",
  label: "Work",
  description: "Does what the test says.",
  category: "Test",
  input: Schema.Struct({ key: Schema.String, size: Schema.optionalKey(Schema.Int) }),
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  identity: { rule: "while_active", key: ({ key }) => ({ key }) },
  retry: { maxAttempts: 3, backoff: "20 millis" }
})

/** An operation that only others may see. */
export const Secret = Operation.make({
  name: "test.secret",
  label: "Secret",
  description: "Visible to owners only.",
  category: "Test",
  input: Operation.NoInput,
  capabilities: { start: "tenant.secret.run", view: "tenant.secret.view" },
  identity: { rule: "while_active" }
})

const person = (id: string): Actor => ({ id, kind: "user", name: id })
export const operator = person("operator@northwind")
export const reader = person("readonly@northwind")
export const contosoOnly = person("contoso-operator@northwind")
export const outsider = person("owner@fourth-coffee")

const grant = (
  workspaceId: WorkspaceId,
  tenants: Grant["tenants"],
  capabilities: ReadonlyArray<Capability>
): Grant => ({ workspaceId, tenants, capabilities: new Set(capabilities) })

const grants = new Map<string, ReadonlyArray<Grant>>([
  [operator.id, [grant(northwind, "all", ["tenant.work.run", "tenant.work.view"])]],
  [reader.id, [grant(northwind, "all", ["tenant.work.view"])]],
  [contosoOnly.id, [grant(northwind, new Set([contoso]), ["tenant.work.run", "tenant.work.view"])]],
  [outsider.id, [grant(fourthCoffee, "all", ["tenant.work.run", "tenant.work.view", "tenant.secret.view"])]]
])

/** Who may do what in these tests. */
export const access = Layer.succeed(
  Access,
  Access.of({
    workspaceOf: (tenantId) => Effect.succeed(Option.fromUndefinedOr(workspaceOf.get(tenantId))),
    grants: (actor) => Effect.succeed(grants.get(actor.id) ?? [])
  })
)

/** The ledger on a database of its own, with `Work` and `Secret` registered; no worker. */
export const ledger = Operations.layer(Work, Secret).pipe(
  Layer.provideMerge(Layer.merge(access, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)
