import { ConnectionAdministration, CredentialVault, GraphCloud } from "@atlas/graph"
import { type Actor, AuditLog, Authorization } from "@atlas/operations"
import { TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import * as AccessPolicy from "../src/AccessPolicy.ts"
import { Accounts } from "../src/Accounts.ts"
import * as DemonstrationData from "../src/DemonstrationData.ts"

const vault = CredentialVault.layer(Redacted.make("x".repeat(32)))
const fixture = Layer.merge(Authorization.layer, Accounts.layer).pipe(
  Layer.provide([AccessPolicy.layer, AuditLog.layer]),
  Layer.provideMerge(Layer.effectDiscard(DemonstrationData.seed())),
  Layer.provideMerge(
    ConnectionAdministration.layer.pipe(
      Layer.provide([AuditLog.layer, vault, GraphCloud.layerFake("http://localhost")])
    )
  ),
  Layer.provideMerge(TestDatabase.layer)
)

/** Who reaches what: s may sync, v may only view; everything else is hidden. */
const expected = {
  "owner@northwind": { contoso: "s", fabrikam: "s" },
  "manager@northwind": { contoso: "s", fabrikam: "s" },
  "operator@northwind": { contoso: "s", fabrikam: "s" },
  "readonly@northwind": { contoso: "v", fabrikam: "v" },
  "contoso-operator@northwind": { contoso: "s" },
  "owner@fourth-coffee": { adatum: "s" },
  "stranger@nowhere": {}
} satisfies Record<string, Record<string, "s" | "v">>

const workspaces: Record<string, string> = { contoso: "northwind", fabrikam: "northwind", adatum: "fourth-coffee" }

const person = (id: string): Actor => ({ id, kind: "user", name: id })

layer(fixture, { excludeTestServices: true })("the reference policy", (it) => {
  for (const [account, reach] of Object.entries(expected)) {
    it.effect(`gives ${account} exactly its tenants and rights`, () =>
      Effect.gen(function* () {
        for (const tenant of [...Object.keys(workspaces), "nowhere"]) {
          const grant = yield* Effect.option(Authorization.use((door) => door.member(person(account), tenant)))
          const { capabilities, scope } = Option.getOrUndefined(grant) ?? {}
          assert.strictEqual(scope?.workspaceId, capabilities && workspaces[tenant], tenant)
          const right =
            capabilities &&
            (capabilities.has("tenant.directory.sync") ? "s" : capabilities.has("tenant.directory.view") ? "v" : "none")
          assert.strictEqual(right, (reach as Record<string, string>)[tenant], tenant)
        }
        const tenants = yield* Accounts.use((accounts) => accounts.tenantsOf(person(account)))
        assert.deepStrictEqual(tenants.map(({ id }) => id).sort(), Object.keys(reach).sort())
      })
    )
  }

  it.effect("fills an empty database once, however many try", () =>
    Effect.gen(function* () {
      const again = yield* Effect.all([DemonstrationData.seed(), DemonstrationData.seed()], { concurrency: 2 })
      assert.deepStrictEqual(again, [false, false])
      assert.strictEqual((yield* Accounts.use(({ all }) => all)).length, DemonstrationData.demonstrationAccounts.length)
    })
  )
})
