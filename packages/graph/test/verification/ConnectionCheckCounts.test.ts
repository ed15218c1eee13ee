import { FakeGraph, Fault } from "@atlas/fake-graph"
import { GraphContract, OperationCatalog, Operation, RunHandler, TenantId, WorkspaceId } from "@atlas/operations"
import { assert, it } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Schema } from "effect"
import { ConnectionCheck, ConnectionReport } from "../../src/index.ts"

const appRoles = {
  "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
  "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
  "DeviceManagementConfiguration.Read.All": "dc377aa6-52d8-4e23-b271-2a7ae04cedf3",
  "DeviceManagementApps.Read.All": "7a6ee1e7-141e-4cec-ae74-d9db155731ff"
} as const
type Permission = keyof typeof appRoles
const permissionNames = Object.keys(appRoles) as Array<Permission>

/** What a host's operations may need: any lists, of Intune or not, with permissions in common. */
const Needs = Schema.Struct({
  contracts: Schema.Array(
    Schema.Struct({ intune: Schema.Boolean, permissions: Schema.Array(Schema.Literals(permissionNames)) })
  ).check(Schema.isMaxLength(6)),
  trouble: Schema.Literals(["none", "no permission", "no licence", "no token", "no organization"])
})
type Needs = typeof Needs.Type

const typeOf = ({ contracts }: Needs) =>
  Operation.make({
    name: "host.work",
    label: "Work",
    description: "Needs whatever the case says.",
    category: "Test",
    input: Operation.NoInput,
    capabilities: { start: "tenant.host.work", view: "tenant.host.work" },
    identity: { rule: "while_active" },
    contracts: contracts.map(({ intune, permissions }, index) =>
      GraphContract.list({
        name: `list.${index}`,
        version: "v1.0",
        path: intune ? "/deviceManagement/deviceConfigurations" : "/groups",
        schema: Schema.Struct({ id: Schema.String }),
        permissions: permissions.map((name) => ({ name, appRoleId: appRoles[name] }))
      })
    )
  })

const tenant = { workspaceId: WorkspaceId.make("northwind"), tenantId: TenantId.make("contoso") }

/** Verifies once, and yields every progress that was told, each with the report of that moment. */
const verify = (needs: Needs) =>
  Effect.gen(function* () {
    const { inject, tenants } = yield* FakeGraph
    const path = `/${tenants[0]?.entraTenantId}/oauth2`
    if (needs.trouble === "no token") yield* inject({ path, times: 9, fault: Fault.aad(7000222) })
    if (needs.trouble === "no organization")
      yield* inject({ path: "/v1.0/organization", times: 99, fault: Fault.status(403) })
    const told: Array<{ readonly total: number; readonly processed: number; readonly made: number }> = []
    let made = 0
    const context: Partial<RunHandler.RunContext<unknown>> = {
      scope: tenant,
      input: {},
      report: (report) =>
        Effect.sync(() => {
          const { checks } = Schema.decodeUnknownSync(ConnectionReport)(report)
          assert.strictEqual(new Set(checks.map(({ id }) => id)).size, checks.length)
          made = checks.length
        }),
      progress: ({ processed = 0, total = 0 }) => Effect.sync(() => void told.push({ processed, total, made }))
    }
    yield* Effect.exit(ConnectionCheck.handler.handle(context as RunHandler.RunContext<any, any>))
    return told
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Layer.mergeAll(
        FakeGraph.layerConnections,
        OperationCatalog.layer(ConnectionCheck.operation, typeOf(needs)).pipe(Layer.orDie)
      ).pipe(
        Layer.provideMerge(
          FakeGraph.layer({
            tenants: [
              {
                tenantId: "contoso",
                ...(needs.trouble === "no permission"
                  ? {}
                  : { permissions: [...permissionNames, "Organization.Read.All"] }),
                ...(needs.trouble === "no licence" ? { licenses: [] } : {})
              }
            ]
          })
        )
      )
    )
  )

it.effect("a verification never makes more checks than it announced, and makes all of them", () =>
  Effect.gen(function* () {
    const cases = yield* Arbitrary.sampleEffect(Arbitrary.schema(Needs), { count: 60, seed: 1 })
    for (const needs of cases) {
      const told = yield* verify(needs)
      const what = JSON.stringify(needs)
      assert.isNotEmpty(told, what)
      for (const { made, processed, total } of told) {
        assert.isAtMost(processed, total, what)
        assert.strictEqual(processed, made, what)
        assert.strictEqual(total, told[0]?.total, what)
      }
      const last = told.at(-1)
      assert.strictEqual(last?.processed, last?.total, what)
    }
  })
)
