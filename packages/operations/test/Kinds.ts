import * as Pg from "../src/pg.ts"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer, Schema } from "effect"
import { Operations, Operation, StartGate } from "../src/index.ts"
import { access, Work } from "./Fixture.ts"

const definition = {
  label: "Kind",
  description: "One kind of identity.",
  category: "Test",
  input: Schema.Struct({ key: Schema.String, size: Schema.optionalKey(Schema.Int) }),
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  retry: { maxAttempts: 2 }
} as const
const key = (input: { readonly key: string }) => input.key

/** One run while active, which may be replaced. */
export const Check = Operation.make({
  name: "test.check",
  ...definition,
  identity: { rule: "while_active", key },
  supersedable: true
})

/** One run for each click. */
export const Click = Operation.make({
  name: "test.click",
  ...definition,
  identity: { rule: "once", by: "idempotency_key" }
})

/** One run for each fire time, for ever. */
export const Slot = Operation.make({
  name: "test.slot",
  ...definition,
  startedBy: "system",
  identity: { rule: "once", by: "fire_time", key }
})

/** One run for each click, one while active, and alone in its scope. */
export const Restore = Operation.make({
  name: "test.restore",
  ...definition,
  identity: { rule: "once", by: "idempotency_key", whileActive: key },
  exclusive: true
})

/** What no gate lets through. */
export const Gated = Operation.make({
  name: "test.gated",
  ...definition,
  identity: { rule: "while_active", key },
  gates: ["closed"]
})

/** The same for each click. */
export const GatedClick = Operation.make({
  name: "test.gated_click",
  ...definition,
  identity: { rule: "once", by: "idempotency_key" },
  gates: ["closed"]
})

const closed = StartGate.make("closed", () =>
  Effect.succeed(StartGate.blocked("provider_connection_missing", "There is no connection."))
)

export const kinds = [Work, Check, Click, Slot, Restore, Gated, GatedClick]

const host = Operations.layer(...kinds).pipe(
  Layer.provide(StartGate.layer(closed)),
  Layer.provideMerge(Layer.merge(access, Pg.listener))
)

/** A host of its own on the test's database, as another process would be: with its own connections. */
export const otherHost = Layer.build(Layer.fresh(host.pipe(Layer.provideMerge(TestDatabase.client))))

/** The ledger with every kind of identity, on a database of its own; no worker. */
export const ledgerOfKinds = host.pipe(Layer.provideMerge(TestDatabase.layer))
