import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Graph } from "@atlas/operations"
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Logger, Redacted, References, Stream, Tracer } from "effect"
import { CredentialVault, VaultSecretTooShort } from "../../src/index.ts"
import { groups } from "../Contracts.ts"
import { collect, contoso, inMemory } from "../Fixtures.ts"

it.effect("secrets, tokens and page links stay out of errors, logs and spans", () =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const record = Logger.layer([
      Logger.make(({ cause, message }) => void lines.push(`${String(message)} ${Cause.pretty(cause)}`))
    ])
    const fake = yield* FakeGraph
    const program = Effect.gen(function* () {
      const listing = Effect.exit(Effect.asVoid(collect(groups, {})))
      const listed = yield* listing
      yield* fake.inject({ method: "POST", times: 99, fault: Fault.aad(7000222) })
      yield* fake.revokeTokens
      const refused = yield* listing
      const graph = yield* Graph
      yield* fake.clearFaults
      yield* fake.inject({ path: "/v1.0", nth: 2, fault: Fault.nextLinkCycle })
      const looped = yield* Effect.exit(Stream.runDrain(graph.list(contoso, groups, {})))
      return [listed, refused, looped]
    })
    const exits = yield* program.pipe(
      Effect.tapCause(Effect.logError),
      Effect.provide([record, Layer.succeed(References.MinimumLogLevel, "All")]),
      Effect.withTracer(tracer)
    )
    const told = [
      ...lines,
      ...exits.map((exit) => (Exit.isFailure(exit) ? `${Cause.pretty(exit.cause)} ${JSON.stringify(exit.cause)}` : "")),
      ...spans.map(({ attributes, name, status }) =>
        JSON.stringify([
          name,
          [...attributes],
          String("exit" in status && Exit.isFailure(status.exit) ? Cause.pretty(status.exit.cause) : "")
        ])
      )
    ].join("\n")
    assert.deepStrictEqual(
      exits.map((exit) => Exit.isSuccess(exit)),
      [true, false, false]
    )
    assert.include(told, "Graph.request")
    assert.include(told, "groups.list")
    for (const secret of ["fake-secret-1", "eyJ", "skiptoken", "Bearer"]) assert.notInclude(told, secret)
  }).pipe(Effect.provide(inMemory()))
)

it.effect("a vault needs a host secret of 32 bytes", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Layer.build(CredentialVault.layer(Redacted.make("x".repeat(31)))))
    assert.instanceOf(error, VaultSecretTooShort)
    yield* Layer.build(CredentialVault.layer(Redacted.make("x".repeat(32))))
  })
)
