import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Schema, SchemaTransformation } from "effect"
import { type Actor, type Capability, InputResolver, Operation, Operations, Runs, StartGate } from "../../src/index.ts"
import * as Pg from "../../src/pg.ts"
import * as TestOperations from "../../src/testing/TestOperations.ts"

const define = <Input, Encoded>(
  name: string,
  input: Schema.Codec<Input, Encoded>,
  more: { readonly gates?: ReadonlyArray<string>; readonly resolves?: boolean } = {}
) =>
  Operation.make({
    name: `gates.${name}`,
    label: name,
    description: "For tests.",
    category: "Test",
    input,
    capabilities: { start: `tenant.${name}.run`, view: `tenant.${name}.view` },
    identity: { rule: "while_active" },
    gates: [...(more.gates ?? ["open"])],
    resolves: more.resolves ?? false
  })

const none = Schema.Struct({})
const days = Schema.Struct({ days: Schema.optionalKey(Schema.Int) })
const Plain = define("plain", none, { gates: ["locked"] })
const Needy = define("needy", Schema.Struct({ key: Schema.String }))
const Resolved = define("resolved", days, { gates: ["resolved"], resolves: true })
const Later = define(
  "later",
  none.pipe(
    Schema.decodeTo(
      none,
      SchemaTransformation.transformEffect({
        decode: (given) => Effect.as(Effect.sleep(1), given),
        encode: (given) => Effect.succeed(given)
      })
    )
  )
)
const Broken = define("broken", none, { gates: ["broken"] })
const Wrong = define("wrong", Schema.Struct({ answer: Schema.String }), { gates: ["wrong"] })
const all = [Plain, Needy, Resolved, Later, Broken, Wrong]

/** What JavaScript may answer as a gate, against the types. */
const wrongAnswers: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  unknown: { _tag: "Shut" },
  numbered: { _tag: "Blocked", reasonCode: 7, message: "No." },
  unstorable: { _tag: "Blocked", reasonCode: "ext.a\0.b", message: "No." },
  silent: { _tag: "Blocked", reasonCode: "ext.a.b" },
  held: { _tag: "Busy", holder: "nobody" }
}

const gates = StartGate.layer(
  StartGate.make("open", () => Effect.succeed(StartGate.open)),
  StartGate.make("locked", () => Effect.succeed(StartGate.blocked("ext.gates.locked", "Unlock it."))),
  StartGate.make("resolved", ({ input }) =>
    Effect.succeed(
      (input as { readonly days: number }).days.toFixed() === "365"
        ? StartGate.open
        : StartGate.blocked("ext.gates.unresolved", "The input has no days.")
    )
  ),
  StartGate.make("wrong", ({ input }) =>
    Effect.sync(() => wrongAnswers[(input as { readonly answer: string }).answer] as StartGate.GateAnswer)
  ),
  StartGate.make("broken", () => Effect.die(new Error("password=hunter2")))
)
const resolver = InputResolver.layer(InputResolver.make(Resolved, (input) => Effect.succeed({ days: 365, ...input })))

const person = (id: string): Actor => ({ id, kind: "user", name: id })
const members: Readonly<Record<string, ReadonlyArray<Capability>>> = {
  everything: all.flatMap(({ capabilities }) => [capabilities.start, capabilities.view]),
  viewer: [Plain.capabilities.view],
  member: []
}
const log: Array<string> = []
const host = Operations.layer(...all).pipe(
  Layer.provide([gates, resolver]),
  Layer.provide(
    TestOperations.accessOf(
      { northwind: ["contoso"] },
      Object.fromEntries(
        Object.entries(members).map(([id, capabilities]) => [id, { workspace: "northwind", capabilities }])
      )
    )
  ),
  Layer.provide(Pg.listener),
  Layer.provideMerge(TestDatabase.layer),
  Layer.provideMerge(Logger.layer([Logger.make(({ message }) => void log.push(JSON.stringify(message)))]))
)

layer(host, { excludeTestServices: true })("What the gates would answer", (it) => {
  const names = all.map(({ name }) => name)
  const asked = (id: string, types: ReadonlyArray<string> = names) =>
    Effect.map(
      Runs.use((runs) => runs.gates(person(id), "contoso", types)),
      (answers): Record<string, string> => Object.fromEntries([...answers].map(([name, { _tag }]) => [name, _tag]))
    )

  it.effect("is what a start without input would be told, where the operation takes that", () =>
    Effect.gen(function* () {
      const open = { "gates.resolved": "Open", "gates.later": "Open" }
      assert.deepStrictEqual(yield* asked("everything"), { "gates.plain": "Blocked", ...open })
    })
  )

  it.effect("hides nothing of the others where one breaks, and is in the log without secrets", () =>
    Effect.gen(function* () {
      yield* asked("everything")
      const said = log.filter((line) => line.includes("gates.broken"))
      assert.isNotEmpty(said)
      assert.notInclude(said.join(), "hunter2")
    })
  )

  it.effect("fails a start with a sentence that names the gate where its answer is wrong", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      for (const answer of Object.keys(wrongAnswers)) {
        const start = runs.start(person("everything"), Wrong, { tenantId: "contoso", input: { answer } })
        const ended = yield* Effect.exit(start)
        assert.isTrue(Exit.hasDies(ended), answer)
        assert.match(String(ended), /What the gate "wrong" answered is wrong\. /)
      }
    })
  )

  it.effect("is for whoever may start or view the operation", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked("viewer"), { "gates.plain": "Blocked" })
      assert.deepStrictEqual(yield* asked("member"), {})
      assert.strictEqual((yield* Effect.flip(asked("stranger")))._tag, "NotFound")
    })
  )

  it.effect("is asked of at most 1,000 operations at once", () =>
    Effect.gen(function* () {
      const tooMany = Array.from({ length: 1_001 }, () => Plain.name)
      assert.strictEqual((yield* Effect.flip(asked("everything", tooMany)))._tag, "InvalidInput")
    })
  )
})
