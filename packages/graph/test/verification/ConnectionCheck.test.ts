import { TestOperations } from "@atlas/operations/testing"
import { FakeGraph, Fault } from "@atlas/fake-graph"
import * as Pg from "@atlas/operations/pg"
import {
  type Actor,
  InputResolver,
  Operations,
  OperationsHttp,
  Operation,
  Problems,
  Runs,
  Worker,
  GraphContract,
  WorkspaceId
} from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule, Schema, Stream } from "effect"
import { ConnectionCheck, ConnectionReport, LiveGraph } from "../../src/index.ts"
import { groups } from "../Contracts.ts"

const verifier: Actor = { id: "verifier", kind: "user", name: "Ada" }
const viewer: Actor = { id: "viewer", kind: "user", name: "Bo" }

const capabilitiesOf = ({ id }: Actor) =>
  new Set(
    id === "verifier"
      ? (["tenant.providers.verify", "tenant.providers.view"] as const)
      : (["tenant.providers.view"] as const)
  )
const access = TestOperations.accessIn(WorkspaceId.make("northwind"), capabilitiesOf)

const devices = GraphContract.list({
  name: "deviceConfigurations.list",
  version: "v1.0",
  path: "/deviceManagement/deviceConfigurations",
  schema: Schema.Struct({ id: Schema.String }),
  permissions: [{ name: "DeviceManagementConfiguration.Read.All", appRoleId: "dc377aa6-52d8-4e23-b271-2a7ae04cedf3" }]
})

/** A type of the host, whose contracts say what has to be granted. */
const hostType = Operation.make({
  name: "host.work",
  label: "Work",
  description: "Needs groups and Intune.",
  category: "Test",
  input: Operation.NoInput,
  capabilities: { start: "tenant.host.work", view: "tenant.host.work" },
  identity: { rule: "while_active" },
  contracts: [groups, devices]
})

const needed = ["GroupMember.Read.All", "Organization.Read.All", "DeviceManagementConfiguration.Read.All"]

const tenants = [
  { tenantId: "complete", permissions: needed },
  { tenantId: "partial", permissions: ["Organization.Read.All", "DeviceManagementConfiguration.Read.All"] },
  { tenantId: "unlicensed", permissions: needed, licenses: [] },
  { tenantId: "refused", permissions: needed },
  { tenantId: "propagating", permissions: ["Organization.Read.All", "Application.Read.All", "GroupMember.Read.All"] },
  { tenantId: "moved", permissions: needed },
  { tenantId: "flaky", permissions: needed }
]

const fake = FakeGraph.layerEngine({ tenants, replicationLag: "1 hour" })
const graph = LiveGraph.layer.pipe(
  Layer.provide([FakeGraph.layerHttpClient, FakeGraph.layerCloud]),
  Layer.provideMerge(FakeGraph.layerConnections)
)
const host = Worker.layer(ConnectionCheck.handler).pipe(
  Layer.provideMerge(Operations.layer(ConnectionCheck.operation, hostType)),
  Layer.provide(InputResolver.layer(ConnectionCheck.resolver)),
  Layer.provideMerge(Layer.mergeAll(access, Pg.listener, graph)),
  Layer.provideMerge(fake),
  Layer.provideMerge(TestDatabase.layer)
)

const withoutWorker = Operations.layer(ConnectionCheck.operation, hostType).pipe(
  Layer.provide(InputResolver.layer(ConnectionCheck.resolver)),
  Layer.provideMerge(Layer.mergeAll(access, Pg.listener, graph)),
  Layer.provideMerge(fake),
  Layer.provideMerge(TestDatabase.layer)
)

layer(withoutWorker, { excludeTestServices: true })("a verification", (it) => {
  it.effect("of the default connection is one, whether that is named, in either case, or left out", () =>
    Effect.gen(function* () {
      const { tenants: known } = yield* FakeGraph
      const id = known.find(({ tenantId }) => tenantId === "complete")!.entraTenantId
      const inputs = [{}, { connectionId: id.toLowerCase() }, { connectionId: id.toUpperCase() }]
      const starts = yield* Effect.forEach(inputs, (input) =>
        Runs.use((runs) => runs.start(verifier, ConnectionCheck.operation, { tenantId: "complete", input }))
      )
      assert.deepStrictEqual(
        starts.map(({ disposition }) => disposition),
        ["created", "existing", "existing"]
      )
      const run = yield* Runs.use((runs) => runs.get(viewer, starts[0]!.run.id))
      assert.deepStrictEqual(run.input, { connectionId: id.toLowerCase() })
      assert.strictEqual(ConnectionCheck.operation.queueLimit, "10 minutes")
    })
  )
})

const verify = Effect.fnUntraced(function* (tenantId: string) {
  const runs = yield* Runs
  const { run } = yield* runs.start(verifier, ConnectionCheck.operation, { tenantId, input: {} })
  yield* runs.follow(verifier, run.id, 0).pipe(Stream.runDrain, Effect.timeout("90 seconds"))
  const done = yield* runs.get(viewer, run.id)
  const report = Schema.decodeUnknownSync(ConnectionReport)(done.report)
  const byId = new Map(report.checks.map((check) => [check.id, check]))
  return { run: done, report, byId, statuses: report.checks.map(({ id, status }) => `${id} ${status}`) }
})

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("provider.connection.check", (it) => {
  it.effect("succeeds where the credential, the tenant, every needed permission and the licence are in order", () =>
    Effect.gen(function* () {
      const { report, run, statuses } = yield* verify("complete")
      assert.deepStrictEqual([run.outcome, run.reasonCode], ["succeeded", null])
      assert.sameMembers(statuses, [
        "credentials passed",
        "graph passed",
        "tenant passed",
        ...needed.map((name) => `permission:${name} passed`),
        "licence passed"
      ])
      assert.notInclude(JSON.stringify(report), "eyJ")
    })
  )

  it.effect("names the permission that a registered type needs and nobody granted", () =>
    Effect.gen(function* () {
      const { byId, run } = yield* verify("partial")
      assert.deepStrictEqual([run.outcome, run.reasonCode], ["failed", "provider_permission_denied"])
      const check = byId.get("permission:GroupMember.Read.All")
      assert.strictEqual(check?.status, "failed")
      assert.include(check?.message, "GroupMember.Read.All")
      assert.strictEqual(byId.get("licence")?.status, "passed")
      const step = "Grant GroupMember.Read.All to the app and give admin consent, then start again."
      assert.deepStrictEqual([check?.nextStep, check?.missingPermission], [step, "GroupMember.Read.All"])
      const [failure] = OperationsHttp.toResource({ origin: "https://atlas.example" }, run).failureSummary
      assert.deepInclude(failure, { count: 1, nextStep: step, missingPermissions: ["GroupMember.Read.All"] })
      assert.include(failure?.message, "lacks the permission GroupMember.Read.All")
    })
  )

  it.effect("tells a missing licence, which leaves the rest usable", () =>
    Effect.gen(function* () {
      const { byId, run } = yield* verify("unlicensed")
      assert.deepStrictEqual([run.outcome, run.reasonCode], ["partially_succeeded", "provider_license_required"])
      assert.strictEqual(byId.get("licence")?.status, "failed")
    })
  )

  it.effect("tells why there is no token, and skips what needs one", () =>
    Effect.gen(function* () {
      const { entraTenantId } = (yield* FakeGraph).tenants[3] ?? assert.fail("there is a tenant")
      yield* (yield* FakeGraph).inject({ path: `/${entraTenantId}/oauth2`, times: 9, fault: Fault.aad(7000222) })
      const { byId, run, statuses } = yield* verify("refused")
      assert.deepStrictEqual([run.outcome, run.reasonCode], ["failed", "provider_credential_expired"])
      assert.strictEqual(byId.get("credentials")?.reasonCode, "provider_credential_expired")
      assert.isTrue(statuses.slice(1).every((status) => status.endsWith("skipped")))
    })
  )

  it.effect("knows a grant that has not reached the tokens yet", () =>
    Effect.gen(function* () {
      const fakeGraph = yield* FakeGraph
      const { entraTenantId } = fakeGraph.tenants[4] ?? assert.fail("there is a tenant")
      yield* fakeGraph.grantPermission(entraTenantId, "DeviceManagementConfiguration.Read.All")
      const { byId, run } = yield* verify("propagating")
      const check = byId.get("permission:DeviceManagementConfiguration.Read.All")
      assert.deepStrictEqual([check?.status, check?.reasonCode], ["warning", "provider_permission_propagating"])
      assert.deepStrictEqual([run.outcome, run.reasonCode], ["partially_succeeded", "provider_permission_propagating"])
    })
  )

  it.effect("stops where another tenant answers", () =>
    Effect.gen(function* () {
      const { inject } = yield* FakeGraph
      const body = `{"value":[{"id":"99999999-0000-4000-8000-000000000001"}]}`
      const { entraTenantId } = (yield* FakeGraph).tenants[5] ?? assert.fail("there is a tenant")
      const fault = { _tag: "Status", status: 200, headers: {}, body } as const
      yield* inject({ path: "/v1.0/organization", tenant: entraTenantId, fault })
      const { byId, run } = yield* verify("moved")
      assert.deepStrictEqual([run.outcome, run.reasonCode], ["failed", "provider_tenant_mismatch"])
      assert.strictEqual(byId.get("tenant")?.status, "failed")
    })
  )

  it.effect("is seen by those who may view connections, and started by those who may verify them", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const start = runs.start(viewer, ConnectionCheck.operation, { tenantId: "complete", input: {} })
      const refused = yield* Effect.flip(start)
      assert.instanceOf(refused, Problems.Forbidden)
    })
  )

  it.effect("is one run for a connection while it is active, and can be replaced", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const { inject, requests, tenants: made } = yield* FakeGraph
      const { entraTenantId } = made[6] ?? assert.fail("there is a tenant")
      yield* inject({ path: "/v1.0/organization", tenant: entraTenantId, fault: Fault.noAnswer })
      const request = { tenantId: "flaky", input: {} }
      const first = yield* runs.start(verifier, ConnectionCheck.operation, request)
      const again = yield* runs.start(verifier, ConnectionCheck.operation, request)
      assert.deepStrictEqual([again.disposition, again.run.id], ["existing", first.run.id])
      yield* requests.pipe(
        Effect.repeat({
          until: (all) => all.some(({ path, tenant }) => path === "/v1.0/organization" && tenant === entraTenantId),
          schedule: Schedule.spaced("20 millis")
        })
      )
      const { run } = yield* runs.start(verifier, ConnectionCheck.operation, { ...request, supersedes: first.run.id })
      yield* runs.follow(verifier, run.id, 0).pipe(Stream.runDrain, Effect.timeout("90 seconds"))
      assert.strictEqual((yield* runs.get(viewer, run.id)).outcome, "succeeded")
      assert.strictEqual((yield* runs.get(viewer, first.run.id)).supersededBy, run.id)
    })
  )
})
