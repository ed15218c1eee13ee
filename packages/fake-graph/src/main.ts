#!/usr/bin/env node
/**
 * The command `fake-graph`: serves a fake Graph on loopback until it is stopped, and prints its address and the credentials of
 * each tenant.
 *
 * @module
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem, Layer, Option, Schema } from "effect"
import { CliOutput, Command, Flag } from "effect/cli"
import { loadData } from "./tenant/FakeData.ts"
import { FakeGraph } from "./FakeGraph.ts"
import { unknownPermissions } from "./metadata/Permissions.ts"
import { readPermissions, writePermissions } from "./tenant/FakeResources.ts"
import { parse } from "./faults/FaultFile.ts"

const between = (least: number, most: number) => Schema.Int.check(Schema.isBetween({ minimum: least, maximum: most }))

// People who try something out want to read everything.
const basic = ["GroupMember.Read.All", "Organization.Read.All"]

const reading = "read"

/** `read`, `write`, or names of permissions. */
const permissionsOf = (text: string): ReadonlyArray<string> => {
  if (text === reading) return [...basic, ...readPermissions]
  return text === "write" ? [...basic, ...writePermissions] : text.split(",").filter(Boolean)
}

const Permissions = Schema.String.check(
  Schema.makeFilter((text) => {
    const unknown = unknownPermissions(permissionsOf(text))
    return unknown.length === 0 || `names of Graph's permissions, and not ${unknown.join(", ")}`
  })
)

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
  tenants: Flag.Int("tenants").pipe(
    Flag.withDescription("Number of tenants to generate, each with its own app"),
    Flag.withDefault(1),
    Flag.withSchema(between(1, 5_000))
  ),
  groups: Flag.Int("groups").pipe(
    Flag.withDescription("Number of groups to generate in each tenant"),
    Flag.withDefault(5_000),
    Flag.withSchema(between(0, 2_000_000))
  ),
  data: Flag.String("data").pipe(
    Flag.withDescription("Folder of JSON to serve instead of generated objects"),
    Flag.optional
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("The same seed gives the same groups, ids and random faults"),
    Flag.withDefault(1)
  ),
  latency: Flag.Int("latency").pipe(
    Flag.withDescription("Minimum time of every answer, in milliseconds"),
    Flag.withDefault(0),
    Flag.withSchema(between(0, 600_000))
  ),
  throttle: Flag.Literals("throttle", ["S", "M", "L"]).pipe(
    Flag.withDescription("Throttle by Graph's limits for a small, medium or large tenant"),
    Flag.optional
  ),
  permissions: Flag.String("permissions").pipe(
    Flag.withDescription(
      "Permissions of each app: read, write, or names such as DeviceManagementApps.Read.All,Policy.Read.All"
    ),
    Flag.withDefault(reading),
    Flag.withSchema(Permissions)
  ),
  faults: Flag.String("faults").pipe(Flag.withDescription("JSON file of faults to inject"), Flag.optional)
}

/** A fault file cannot be used. */
class FaultFileError extends Schema.TaggedError<FaultFileError>()("FaultFileError", { message: Schema.String }) {}

const readFaults = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* files
    .readFileString(path)
    .pipe(
      Effect.mapError(
        ({ reason }) => new FaultFileError({ message: `The fault file ${path} cannot be read (${reason._tag}).` })
      )
    )
  return yield* Effect.fromResult(parse(text)).pipe(
    Effect.mapError(
      (problems) =>
        new FaultFileError({ message: problems.map((problem) => `The fault file ${path}: ${problem}`).join("\n") })
    )
  )
})

const announce = Effect.gen(function* () {
  const { foreignOrigin, origin, tenants } = yield* FakeGraph
  yield* Console.log(`Fake Microsoft Graph listens on ${origin}`)
  yield* Console.log(`Hostile links lead to ${foreignOrigin}`)
  for (const { clientId, clientSecret, entraTenantId } of tenants) {
    yield* Console.log(`tenant ${entraTenantId} · client ${clientId} · secret ${clientSecret}`)
  }
})

const command = Command.make(
  "fake-graph",
  flags,
  ({ data, faults, groups, host, latency, permissions, port, seed, tenants, throttle }) =>
    Effect.gen(function* () {
      const rules = Option.isSome(faults) ? yield* readFaults(faults.value) : []
      const content = Option.isSome(data) ? { data: yield* loadData(data.value) } : { groups }
      const fake = FakeGraph.layerHttp({
        host,
        port,
        seed,
        latency,
        faults: rules,
        throttle: Option.getOrUndefined(throttle),
        tenants: Array.from({ length: tenants }, (_, index) => ({
          ...content,
          permissions: permissionsOf(permissions),
          seed: seed + index
        }))
      })
      return yield* Layer.launch(Layer.provide(Layer.effectDiscard(announce), fake))
    }).pipe(
      Effect.catchTags({
        FakeGraphListenError: (error) => Effect.andThen(Console.error(`${error.message}.`), Effect.fail(error)),
        FakeDataError: (error) => Effect.andThen(Console.error(error.message), Effect.fail(error)),
        FaultFileError: (error) => Effect.andThen(Console.error(error.message), Effect.fail(error))
      })
    )
).pipe(Command.withDescription("Serve a fake Microsoft Graph on loopback"))

/** Answers each wrong flag with a sentence, not with the whole help. */
const layerPresenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.forEach(
          event.errors,
          ({ message }) =>
            Console.error(`${message.split("\n")[0]?.replace("Schema validation failed: ", "")}. Try --help.`),
          { discard: true }
        )
      : CliOutput.defaultPresenter.present(event)
})

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([NodeServices.layer, layerPresenter]),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
