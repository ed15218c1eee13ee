import { FakeGraph, Fault } from "@atlas/fake-graph"
import { Runs } from "@atlas/operations"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Backups, DriftCompare } from "../../src/index.ts"
import { ada, backedUp, completed } from "../Fixture.ts"
import {
  configuration,
  configurationsIn,
  executed,
  itemsOf,
  planned,
  put,
  remove,
  tenantsOf
} from "./RestoreFixture.ts"

const secret = "correct horse battery staple"
const xml = Buffer.from(`<key>${secret}</key>`).toString("base64")

/** A custom profile as its owner wrote it. The service encrypts the texts. */
const custom = (reference: string) => ({
  "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
  id: "custom",
  displayName: "Custom",
  omaSettings: [
    {
      "@odata.type": "#microsoft.graph.omaSettingString",
      displayName: "Key",
      omaUri: "./Device/Vendor/MSFT/Probe/Key",
      isEncrypted: true,
      secretReferenceValueId: `${reference}_1`,
      value: secret
    },
    {
      "@odata.type": "#microsoft.graph.omaSettingStringXml",
      displayName: "Profile",
      omaUri: "./Device/Vendor/MSFT/Probe/Profile",
      fileName: "profile.xml",
      isEncrypted: true,
      secretReferenceValueId: `${reference}_2`,
      value: xml
    },
    {
      "@odata.type": "#microsoft.graph.omaSettingInteger",
      displayName: "Number",
      omaUri: "./Device/Vendor/MSFT/Probe/Number",
      isEncrypted: false,
      value: 5
    }
  ]
})

const items = [configuration("custom")]

layer(tenantsOf("sealed", "renumbered", "refused"), { excludeTestServices: true, timeout: "60 seconds" })(
  "Encrypted OMA-URI values",
  (it) => {
    it.effect("are read, sealed, and come back with a restore", () =>
      Effect.gen(function* () {
        yield* put("sealed", custom("first"))
        const { id: backup } = yield* backedUp("sealed")
        const kept = yield* Backups.use((all) => all.content(ada, "sealed", backup, configuration("custom")))
        assert.notInclude(kept.content, secret)
        assert.notInclude(kept.content, xml)
        assert.notInclude(kept.content, "****")
        yield* remove("sealed", "custom")

        const run = yield* executed("sealed", yield* planned("sealed", backup, { items }))

        assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
        const made = (yield* configurationsIn("sealed")).find(({ displayName }) => displayName === "Custom")
        const rows = made?.["omaSettings"] as ReadonlyArray<{ readonly value: unknown }>
        assert.deepStrictEqual(
          rows.map(({ value }) => value),
          [secret, xml, 5]
        )
      })
    )

    it.effect("are no change where only the number of their reference is another", () =>
      Effect.gen(function* () {
        yield* put("renumbered", custom("first"))
        const { id: backup } = yield* backedUp("renumbered")
        yield* put("renumbered", custom("second"))

        const restore = yield* planned("renumbered", backup, { items })
        assert.strictEqual((yield* itemsOf("renumbered", restore))[0]?.action, "unchanged")
        const sides = { from: { kind: "backup", id: backup }, to: { kind: "live" } }
        const { report } = yield* completed("renumbered", DriftCompare.operation.name, sides)
        assert.deepInclude({ ...report }, { changed: 0 })
      })
    )

    it.effect("that Graph refuses to an app stay masked, which the run says and the plan names", () =>
      Effect.gen(function* () {
        const graph = yield* FakeGraph
        yield* put("refused", custom("first"))
        yield* graph.inject({
          fault: Fault.intuneForbidden("DeviceManagementConfiguration.ReadWrite.All"),
          path: "/beta/deviceManagement/deviceConfigurations/custom/getOmaSettingPlainTextValue",
          tenant: "refused",
          batchItem: true,
          times: 1_000
        })

        const { id: backup } = yield* backedUp("refused")

        const [made] = yield* Backups.use((all) => all.list(ada, "refused", { before: null, limit: 1 }))
        assert.strictEqual(made!.state, "complete")
        const run = yield* Runs.use((all) => all.get(ada, String(made!.runId)))
        assert.strictEqual(run.outcome, "partially_succeeded")
        assert.include(JSON.stringify(run.failureSummary), "Encrypted values stay masked.")
        yield* put("refused", { ...custom("first"), description: "Changed" })
        const [item] = yield* itemsOf("refused", yield* planned("refused", backup, { items }))
        assert.strictEqual(item!.action, "not_restorable")
        assert.include(item!.reason, "omaSettings/0/value")
      })
    )
  }
)
