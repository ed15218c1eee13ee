import * as Pg from "../src/pg.ts"
import { TestDatabase } from "@atlas/test"
import { Layer, Schema } from "effect"
import { type Actor, type Capability, Operations, Operation, TenantId } from "../src/index.ts"
import { TestOperations } from "../src/testing/index.ts"

export const contoso = TenantId.make("contoso")
export const fabrikam = TenantId.make("fabrikam")
export const adatum = TenantId.make("adatum")

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

const everyRightOfWork: ReadonlyArray<Capability> = ["tenant.work.run", "tenant.work.view"]

/** Who may do what in these tests. */
export const access = TestOperations.accessOf(
  { northwind: [contoso, fabrikam], "fourth-coffee": [adatum] },
  {
    [operator.id]: { workspace: "northwind", capabilities: everyRightOfWork },
    [reader.id]: { workspace: "northwind", capabilities: ["tenant.work.view"] },
    [contosoOnly.id]: { workspace: "northwind", tenants: [contoso], capabilities: everyRightOfWork },
    [outsider.id]: { workspace: "fourth-coffee", capabilities: [...everyRightOfWork, "tenant.secret.view"] }
  }
)

/** The ledger on a database of its own, with `Work` and `Secret` registered; no worker. */
export const ledger = Operations.layer(Work, Secret).pipe(
  Layer.provideMerge(Layer.merge(access, Pg.listener)),
  Layer.provideMerge(TestDatabase.layer)
)
