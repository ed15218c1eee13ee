import { Effect, Redacted, Schema } from "effect"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { createAtlas, defineOperation, RunFailure, UnexpectedError } from "../../src/promise/index.ts"

const ada = { id: "ada" }
const capabilities = { start: "tenant.reports.run", view: "tenant.reports.view" } as const
const access = {
  workspaceOf: () => "acme",
  grants: () => [{ workspaceId: "acme", tenants: "all", capabilities: Object.values(capabilities) }] as const
}
const input = Schema.toStandardSchemaV1(Schema.Struct({ case: Schema.String }))
const shared = {
  label: "Report",
  input,
  capabilities,
  identity: { rule: "while_active", key: (given: any) => given }
} as const

/** What a JavaScript handler may do, against its types; each ends its run as a failure of the host's code. */
const wrongHandlers: Readonly<Record<string, () => unknown>> = {
  "returns a text": () => "done",
  "returns a number": () => 42,
  "returns an outcome that handlers cannot have": () => ({ outcome: "failed" }),
  "returns a part without a reason": () => ({ outcome: "partially_succeeded" }),
  "fails without a reason": () => Promise.reject(new RunFailure({ reasonCode: "" as never, message: "It is down." })),
  "fails for a reason that is no text": () =>
    Promise.reject(new RunFailure({ reasonCode: undefined as never, message: "It is down." })),
  "fails, perhaps for a while": () =>
    Promise.reject(new RunFailure({ reasonCode: "ext.a.b", message: "x", retryable: "yes" as never }))
}
const wrong = defineOperation({
  ...shared,
  name: "reports.wrong",
  retry: { maxAttempts: 1 },
  handler: async ({ input: given }) => (await wrongHandlers[given.case]?.()) as never
})
const unstorable = defineOperation({
  ...shared,
  name: "reports.unstorable",
  handler: async ({ failed }) => {
    failed({ reasonCode: "x\0" as never, message: "It cannot be stored." })
  }
})
const gated = defineOperation({
  ...shared,
  name: "reports.gated",
  gate: async ({ input: given }) =>
    (given.case === "nothing"
      ? undefined
      : { reasonCode: given.case === "NUL" ? "ext.a\0.b" : 7, message: "x" }) as never,
  handler: async () => {}
})

layer(TestDatabase.layer, { excludeTestServices: true })("What a host's functions return", (it) => {
  it.effect("ends a run as an internal error where it is wrong, and never the process", () =>
    Effect.gen(function* () {
      const databaseUrl = Redacted.value(yield* TestDatabase.url)
      yield* Effect.promise(async () => {
        const log = () => {
          throw new Error("This log is broken")
        }
        await using atlas = await createAtlas({ databaseUrl, operations: [wrong, unstorable], access, log })
        const outcomeOf = async (operation: typeof wrong, key: string) => {
          const { run } = await atlas.start(ada, operation, { tenantId: "t", input: { case: key } })
          for await (const _ of atlas.follow(ada, run.id));
          const ended = await atlas.get(ada, run.id)
          return [ended.outcome, ended.reasonCode]
        }
        for (const key of Object.keys(wrongHandlers))
          assert.deepStrictEqual(await outcomeOf(wrong, key), ["failed", "internal_error"], key)
        assert.deepStrictEqual(await outcomeOf(unstorable, ""), ["failed", "internal_error"])
      })
    })
  )

  it.effect("opens a gate if it is nothing, and fails a start with a sentence if it is wrong", () =>
    Effect.gen(function* () {
      const databaseUrl = Redacted.value(yield* TestDatabase.url)
      yield* Effect.promise(async () => {
        await using atlas = await createAtlas({
          databaseUrl,
          operations: [gated],
          access,
          worker: false,
          log: () => {}
        })
        const start = (key: string) => atlas.start(ada, gated, { tenantId: "t", input: { case: key } })
        assert.strictEqual((await start("nothing")).disposition, "created")
        for (const key of ["NUL", "number"]) {
          const error = await start(key).catch((reason: unknown) => reason)
          assert.instanceOf(error, UnexpectedError)
          assert.match(String((error as Error).cause), /What the gate returned is wrong\. \/reasonCode: /)
        }
      })
    })
  )
})
