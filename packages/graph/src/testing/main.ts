import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer, Schema } from "effect"
import { CliOutput, Command, Flag } from "effect/cli"
import { FakeGraph } from "./FakeGraph.ts"

const between = (least: number, most: number) => Schema.Int.check(Schema.isBetween({ minimum: least, maximum: most }))

const flags = {
  host: Flag.Literals("host", ["127.0.0.1", "localhost", "::1"]).pipe(
    Flag.withDescription("Loopback address to listen on"),
    Flag.withDefault("127.0.0.1")
  ),
  port: Flag.Int("port").pipe(
    Flag.withDescription("Port to listen on; 0 for any free one"),
    Flag.withDefault(4000),
    Flag.withSchema(between(0, 65_535))
  ),
  groups: Flag.Int("groups").pipe(
    Flag.withDescription("How many groups to make up"),
    Flag.withDefault(5_000),
    Flag.withSchema(between(0, 2_000_000))
  ),
  seed: Flag.Int("seed").pipe(Flag.withDescription("The same seed gives the same groups"), Flag.withDefault(1))
}

const announce = Effect.gen(function* () {
  const { origin, tenants } = yield* FakeGraph
  yield* Console.log(`Fake Microsoft Graph listens on ${origin}`)
  for (const { clientId, clientSecret, entraTenantId } of tenants) {
    yield* Console.log(`tenant ${entraTenantId} · client ${clientId} · secret ${clientSecret}`)
  }
})

const command = Command.make("fake-graph", flags, ({ groups, host, port, seed }) =>
  Layer.effectDiscard(announce).pipe(
    Layer.provide(FakeGraph.layerHttp({ host, port, tenants: [{ groups, seed }] })),
    Layer.launch,
    Effect.catchTag("FakeGraphListenError", (error) =>
      Effect.andThen(Console.error(`${error.message}.`), Effect.fail(error))
    )
  )
).pipe(Command.withDescription("Serve a made-up Microsoft Graph on loopback"))

/** A wrong flag is answered with one sentence, not with the whole help. */
const layerPresenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(`${event.errors[0]?.message.split("\n")[0] ?? "Wrong usage"}. Try --help.`)
      : CliOutput.defaultPresenter.present(event)
})

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, layerPresenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
