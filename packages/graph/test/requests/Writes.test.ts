import { FakeGraph, Fault } from "@atlas/fake-graph"
import { ExactJson, Graph, GraphContract } from "@atlas/operations"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { contoso, entraTenantId, inMemory, prompt, whileTimePasses } from "../Fixtures.ts"

const collection = "deviceManagement/assignmentFilters"
const Policy = Schema.Struct({ id: Schema.String, displayName: Schema.String })
const permissions = [
  { name: "DeviceManagementConfiguration.ReadWrite.All", appRoleId: "9241abd9-d0e6-425a-bd4f-47ba86e767a4" }
]
const common = { version: "beta", permissions, body: Schema.Struct({ displayName: Schema.String }) } as const
const create = GraphContract.write({
  ...common,
  name: "assignmentFilters.create",
  method: "POST",
  path: `/${collection}`,
  schema: Policy,
  replay: "never"
})
const rename = GraphContract.write({
  ...common,
  name: "assignmentFilters.rename",
  method: "PATCH",
  path: `/${collection}/{policyId}`,
  schema: Policy,
  replay: "idempotent"
})
const remove = GraphContract.write({
  ...common,
  name: "assignmentFilters.remove",
  method: "DELETE",
  path: `/${collection}/{policyId}`,
  body: Schema.Undefined,
  schema: Schema.Undefined,
  replay: "idempotent"
})
const read = GraphContract.get({
  name: "assignmentFilters.get",
  version: "beta",
  path: `/${collection}/{policyId}`,
  select: ["id", "displayName"],
  schema: Policy,
  permissions
})

const options = {
  tenants: [
    { tenantId: "contoso", permissions: permissions.map(({ name }) => name), collections: { [collection]: 45 } }
  ]
}
const layer = inMemory(options, prompt)
const policies = Effect.flatMap(FakeGraph, ({ items }) => items(entraTenantId, collection))
const onWrites = (fault: Fault.Fault, times = 1) => ({ path: `/beta/${collection}`, fault, times })
const write = Effect.flatMap(Graph, (graph) => graph.write(contoso, create, {}, { displayName: "New" }))
const named = (name: string) =>
  Effect.map(policies, (all) => all.filter(({ displayName }) => displayName === name).length)

describe("write", () => {
  it.live("creates, changes and deletes", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const { id } = yield* write
      const renamed = yield* graph.write(contoso, rename, { policyId: id }, { displayName: "Renamed" })
      assert.deepStrictEqual(renamed, { id, displayName: "Renamed" })
      yield* graph.write(contoso, remove, { policyId: id }, undefined)
      assert.lengthOf(yield* policies, 45)
    }).pipe(Effect.provide(layer))
  )

  it.live("is repeated when it was refused: then nothing was done", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(FakeGraph, ({ inject }) => inject(onWrites(Fault.throttled("0.01"), 2)))
      yield* write
      assert.strictEqual(yield* named("New"), 1)
    }).pipe(Effect.provide(layer))
  )

  it.live("keeps every digit of a 64-bit integer, written, read and read in a batch", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const configurations = "deviceManagement/deviceConfigurations"
      const delivery = "#microsoft.graph.windowsDeliveryOptimizationConfiguration"
      const digits = `"backgroundDownloadFromHttpDelayInSeconds":9223372036854775807`
      const long = (value: unknown) => JSON.stringify(value).includes(digits)
      const raw = GraphContract.raw(Schema.Struct({ id: Schema.String }))
      const exact = { version: "beta", permissions, path: `/${configurations}/{policyId}` } as const
      const change = GraphContract.write({
        ...exact,
        name: "deviceConfigurations.change",
        method: "PATCH",
        body: Schema.Unknown,
        schema: Schema.Unknown,
        replay: "idempotent"
      })
      const get = GraphContract.get({ ...exact, name: "deviceConfigurations.whole", schema: raw })
      yield* FakeGraph.use(({ putItem }) =>
        putItem(entraTenantId, configurations, { id: "delivery", "@odata.type": delivery, displayName: "Delivery" })
      )
      const at = { policyId: "delivery" }
      const body = ExactJson.parse(`{"@odata.type":"${delivery}",${digits}}`)
      yield* graph.write(contoso, change, at, body)
      assert.isTrue(long((yield* graph.get(contoso, get, at)).raw))
      const [batched] = yield* graph.batch(contoso, [GraphContract.reading(get, at)])
      assert.isTrue(batched?._tag === "Success" && long(batched.success.raw))
    }).pipe(Effect.provide(layer))
  )

  const lost: ReadonlyArray<readonly [string, Fault.Fault]> = [
    ["the connection is cut after the write", Fault.writeThenReset],
    ["a gateway fails after the write", Fault.writeThenStatus(503)],
    ["the connection is cut", Fault.connectionReset],
    ["there is no answer", Fault.noAnswer],
    ["the answer is cut short", Fault.truncatedJson],
    ["the body hangs", Fault.hungBody]
  ]
  it.effect.each(lost)("is never repeated blindly: %s", ([, fault]) =>
    Effect.gen(function* () {
      const { inject, requests } = yield* FakeGraph
      yield* inject(onWrites(fault))
      const error = yield* whileTimePasses(Effect.flip(write))
      assert.strictEqual(error.reasonCode, "provider_outcome_unknown")
      assert.include(error.message, "assignmentFilters.create")
      assert.isString(error.clientRequestId)
      assert.lengthOf(
        (yield* requests).filter(({ method, path }) => method === "POST" && path.endsWith(collection)),
        1
      )
      assert.isAtMost(yield* named("New"), 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect.each(lost)("is repeated where twice is once: %s", ([, fault]) =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const [first] = yield* policies
      yield* Effect.flatMap(FakeGraph, ({ inject }) => inject(onWrites(fault)))
      const renaming = graph.write(contoso, rename, { policyId: first?.id ?? "" }, { displayName: "Renamed" })
      yield* whileTimePasses(renaming)
      assert.strictEqual(yield* named("Renamed"), 1)
    }).pipe(Effect.provide(layer))
  )

  it.live("that may have been done in the end says so, also where it may be repeated", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const [first] = yield* policies
      yield* Effect.flatMap(FakeGraph, ({ inject }) => inject(onWrites(Fault.writeThenReset, 99)))
      const renaming = graph.write(contoso, rename, { policyId: first?.id ?? "" }, { displayName: "Renamed" })
      assert.strictEqual((yield* Effect.flip(renaming)).reasonCode, "provider_outcome_unknown")
      assert.strictEqual(yield* named("Renamed"), 1)
    }).pipe(Effect.provide(layer))
  )

  it.live("that was never sent fails with the reason for that", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(FakeGraph, ({ inject }) =>
        inject({ method: "POST", path: `/${entraTenantId}/oauth2`, times: 99, fault: Fault.connectionReset })
      )
      assert.strictEqual((yield* Effect.flip(write)).reasonCode, "provider_network_error")
    }).pipe(Effect.provide(layer))
  )

  it.live("refuses a body that does not have the contract's form, and sends nothing", () =>
    Effect.gen(function* () {
      const graph = yield* Graph
      const body = { displayName: 1 } as unknown as { displayName: string }
      const error = yield* Effect.flip(graph.write(contoso, create, {}, body))
      assert.strictEqual(error.reasonCode, "provider_request_invalid")
      assert.lengthOf(yield* Effect.flatMap(FakeGraph, ({ requests }) => requests), 0)
    }).pipe(Effect.provide(layer))
  )

  it.live("names the permission that it lacks, out of what Intune says", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(write)
      assert.strictEqual(error.reasonCode, "provider_permission_denied")
      assert.strictEqual(error.missingPermission, "DeviceManagementConfiguration.ReadWrite.All")
      assert.include(error.message, "the app lacks the permission DeviceManagementConfiguration.ReadWrite.All.")
      assert.notInclude(JSON.stringify(error), "manage.microsoft.com")
    }).pipe(
      Effect.provide(
        inMemory({ tenants: [{ tenantId: "contoso", permissions: ["DeviceManagementConfiguration.Read.All"] }] })
      )
    )
  )

  it.live("says why Graph refused it, and that its content is to be corrected", () =>
    Effect.gen(function* () {
      const message = JSON.stringify({ _version: 3, Message: "Platform cannot be changed - Operation ID: 1 - Url: x" })
      yield* FakeGraph.use(({ inject }) =>
        inject({ method: "POST", path: `/beta/${collection}`, fault: Fault.status(400, "BadRequest", message) })
      )
      const error = yield* Effect.flip(write)
      assert.strictEqual(error.reasonCode, "provider_content_refused")
      assert.strictEqual(
        error.message,
        "Microsoft Graph answered assignmentFilters.create with 400 (BadRequest): Platform cannot be changed."
      )
    }).pipe(Effect.provide(layer))
  )

  it.live.each(["ModelValidationFailure", "No method match route template"])(
    "is a defect where Graph knows no such path or type: %s",
    (code) =>
      Effect.gen(function* () {
        yield* FakeGraph.use(({ inject }) =>
          inject({ method: "POST", path: `/beta/${collection}`, fault: Fault.status(400, code, "No such thing.") })
        )
        assert.strictEqual((yield* Effect.flip(write)).reasonCode, "provider_request_invalid")
      }).pipe(Effect.provide(layer))
  )

  it.live("tells a missing licence from a missing permission", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(write)).reasonCode, "provider_license_required")
    }).pipe(
      Effect.provide(
        inMemory({
          tenants: [{ tenantId: "contoso", permissions: permissions.map(({ name }) => name), licenses: [] }]
        })
      )
    )
  )
})

describe("batch", () => {
  const reads = Effect.map(policies, (all) => all.map(({ id }) => GraphContract.reading(read, { policyId: id })))
  const batches = Effect.map(
    Effect.flatMap(FakeGraph, ({ requests }) => requests),
    (all) => all.filter(({ path }) => path.endsWith("/$batch")).length
  )
  const names = (results: ReadonlyArray<Result.Result<{ readonly id: string }, unknown>>) =>
    results.map((result) => (Result.isSuccess(result) ? result.success.id : "failed"))
  const readAll = Effect.flatMap(reads, (requests) => Effect.flatMap(Graph, (graph) => graph.batch(contoso, requests)))
  const ids = Effect.map(policies, (all) => all.map(({ id }) => id))
  const onItems = (fault: Fault.Fault, nth = 3, times = 1) => ({
    path: `/beta/${collection}`,
    nth,
    times,
    batchItem: true,
    fault
  })

  it.live("answers each request in its place, twenty to a request", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(names(yield* readAll), [...(yield* ids)])
      assert.strictEqual(yield* batches, 3)
    }).pipe(Effect.provide(layer))
  )

  const passing: ReadonlyArray<readonly [string, Fault.Fault]> = [
    ["throttled", Fault.throttled("0.01")],
    ["unavailable", Fault.status(503)],
    ["missing from the answers", Fault.itemMissing]
  ]
  it.live.each(passing)("repeats only the item that was %s", ([, fault]) =>
    Effect.gen(function* () {
      const { inject, requests } = yield* FakeGraph
      yield* inject(onItems(fault))
      assert.deepStrictEqual(names(yield* readAll), [...(yield* ids)])
      assert.strictEqual(yield* batches, 4)
      assert.lengthOf(
        (yield* requests).filter(({ batch }) => batch),
        46
      )
    }).pipe(Effect.provide(layer))
  )

  it.live("fails an item for itself", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(FakeGraph, ({ inject }) => inject(onItems(Fault.status(403, ""))))
      const results = yield* readAll
      const failures = results.flatMap((result) => (Result.isFailure(result) ? [result.failure] : []))
      assert.deepStrictEqual(
        failures.map(({ contract, reasonCode }) => [contract, reasonCode]),
        [["assignmentFilters.get", "provider_permission_denied"]]
      )
    }).pipe(Effect.provide(layer))
  )

  it.live("fails an item that is never answered, and does not hang", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(FakeGraph, ({ inject }) => inject(onItems(Fault.itemMissing, 1, 999)))
      const results = yield* readAll
      assert.isTrue(
        results.every((result) => Result.isFailure(result) && result.failure.reasonCode === "provider_response_invalid")
      )
    }).pipe(Effect.provide(layer))
  )

  it.live("keeps the rule of each write: what was lost is unknown, what was refused is repeated", () =>
    Effect.gen(function* () {
      const { inject } = yield* FakeGraph
      const graph = yield* Graph
      const creating = GraphContract.writing(create, {}, { displayName: "New" })
      yield* inject(onItems(Fault.throttled("0.01"), 1))
      yield* inject(onItems(Fault.writeThenStatus(503), 2))
      const results = yield* graph.batch(contoso, [creating, creating])
      assert.deepStrictEqual(
        results.map((result) => (Result.isSuccess(result) ? "created" : result.failure.reasonCode)).toSorted(),
        ["created", "provider_outcome_unknown"]
      )
      assert.strictEqual(yield* named("New"), 2)
    }).pipe(Effect.provide(layer))
  )

  it.live("fails every item of a request that fails, and none of another", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(FakeGraph, ({ inject }) =>
        inject({ path: "/beta/$batch", nth: 1, fault: Fault.status(400, "BadRequest") })
      )
      const results = yield* readAll
      const failed = results.filter(Result.isFailure)
      assert.include([5, 20], failed.length)
      assert.isTrue(failed.every(({ failure }) => failure.contract === "assignmentFilters.get"))
    }).pipe(Effect.provide(layer))
  )
})
