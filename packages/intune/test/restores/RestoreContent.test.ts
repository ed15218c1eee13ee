import { FakeGraph } from "@atlas/fake-graph"
import { ExactJson } from "@atlas/operations"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Struct } from "effect"
import { SqlClient } from "effect/sql"
import { exportBackup, importBackup, policySources } from "../../src/index.ts"
import { ada, backedUp, scopeOf } from "../Fixture.ts"
import {
  configuration,
  configurationsIn,
  executed,
  itemsOf,
  planned,
  put,
  remove,
  tenantsOf,
  wifi
} from "./RestoreFixture.ts"

const host = tenantsOf("exact", "digits", "namesakes", "foreign", "masked", "given")

/** The one file of a backup, as an export has it. */
const exported = Effect.fnUntraced(function* (backup: string) {
  const texts: Array<string> = []
  yield* exportBackup(ada, backup, (files) => Effect.sync(() => void texts.push(...files.map(({ text }) => text))))
  return texts[0] ?? ""
})

const imported = (tenant: string, text: string) =>
  importBackup(ada, scopeOf(tenant), "Import", [
    { source: policySources.deviceConfigurations, objects: [ExactJson.parse(text) as Record<string, unknown>] }
  ])

layer(host, { excludeTestServices: true, timeout: "60 seconds" })("What a restore writes", (it) => {
  it.effect("has every digit of 64-bit integers, also after an export and an import", () =>
    Effect.gen(function* () {
      const delivery = {
        ...Struct.omit(wifi, ["preSharedKey"]),
        "@odata.type": "#microsoft.graph.windowsDeliveryOptimizationConfiguration"
      }
      const delay = ExactJson.parse(`{"backgroundDownloadFromHttpDelayInSeconds":9223372036854775807}`) as object
      yield* put("digits", { ...delivery, ...delay })
      const { id: backup } = yield* backedUp("digits")
      const file = yield* exported(backup)
      const { id: again } = yield* imported("digits", file)
      yield* put("digits", { ...delivery, backgroundDownloadFromHttpDelayInSeconds: 1 })

      yield* executed("digits", yield* planned("digits", again))

      assert.include(file, "9223372036854775807")
      assert.include(JSON.stringify(yield* configurationsIn("digits")), `DelayInSeconds":9223372036854775807`)
    })
  )

  describe("of policies with one name", () => {
    it.effect("is each of them once, and nothing when they are there", () =>
      Effect.gen(function* () {
        const policies = ["one", "two"].map((id) => ({ ...wifi, id, displayName: "Pilot ring", description: id }))
        for (const policy of policies) yield* put("namesakes", policy)
        const { id: backup } = yield* backedUp("namesakes")
        for (const { id } of policies) yield* remove("namesakes", id)
        const items = [configuration("two"), configuration("one")]

        yield* executed("namesakes", yield* planned("namesakes", backup, { items }))
        const second = yield* itemsOf("namesakes", yield* planned("namesakes", backup, { items }))

        assert.deepStrictEqual(
          second.map(({ action }) => action),
          ["unchanged", "unchanged"]
        )
        const found = (yield* configurationsIn("namesakes")).map(({ description }) => description)
        assert.sameMembers(found, ["one", "two", wifi.description])
        assert.strictEqual(new Set(second.map(({ seenId }) => seenId)).size, 2)
      })
    )
  })

  describe("of secrets that it does not have", () => {
    it.effect("is nothing, until somebody enters them in the exported file", () =>
      Effect.gen(function* () {
        const { id: backup } = yield* backedUp("exact")
        const file = yield* exported(backup)
        yield* remove("foreign", wifi.id)
        const { id: foreign } = yield* imported("foreign", file)

        const [item] = yield* itemsOf("foreign", yield* planned("foreign", foreign))
        const entered = file.replace(/\{\s*"\$secret":[^}]*\}/, `"the new key"`)
        const { id: complete } = yield* imported("foreign", entered)
        yield* executed("foreign", yield* planned("foreign", complete))

        assert.strictEqual(item?.action, "not_restorable")
        assert.include(item?.reason, "preSharedKey")
        assert.notInclude(file, wifi.preSharedKey)
        assert.deepStrictEqual(
          (yield* configurationsIn("foreign")).map(({ preSharedKey }) => preSharedKey),
          ["the new key"]
        )
      })
    )

    it.effect("is what somebody gives with the plan, which is kept sealed", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { id: backup } = yield* backedUp("exact")
        yield* remove("given", wifi.id)
        const { id: foreign } = yield* imported("given", yield* exported(backup))
        const [lacking] = yield* itemsOf("given", yield* planned("given", foreign))
        const value = "a key that somebody knows"
        const give = (path: string) => ({ values: [{ ...configuration(wifi.id), path, value }] })
        const refused = yield* Effect.flip(planned("given", foreign, give("displayName")))

        const restore = yield* planned("given", foreign, give("preSharedKey"))
        yield* executed("given", restore)

        assert.deepStrictEqual([lacking?.action, lacking?.lacking], ["not_restorable", ["preSharedKey"]])
        assert(refused._tag === "InvalidInput")
        assert.deepStrictEqual(refused.errors, [
          { pointer: "/values/0/path", detail: "The policy lacks no value there" }
        ])
        assert.deepStrictEqual(
          (yield* configurationsIn("given")).map(({ preSharedKey }) => preSharedKey),
          [value]
        )
        // Another value is another request, and neither is readable in what is stored of it.
        const [item] = yield* itemsOf("given", restore)
        assert.deepInclude({ ...item }, { action: "create", lacking: [], result: "done" })
        for (const table of ["restores", "restore_items", "policy_snapshots", "operation_audit", "operation_runs"]) {
          const rows = yield* sql<{ row: string }>`SELECT to_jsonb(t)::text AS row FROM ${sql(table)} t`
          assert.notInclude(JSON.stringify(rows), value, table)
        }
      })
    )

    it.effect("is nothing where Graph masks them, which the plan says by path", () =>
      Effect.gen(function* () {
        const row = {
          "@odata.type": "#microsoft.graph.omaSettingString",
          omaUri: "./x",
          isEncrypted: true,
          value: "****"
        }
        const policy = { ...wifi, "@odata.type": "#microsoft.graph.windows10CustomConfiguration", omaSettings: [row] }
        const graph = yield* FakeGraph
        yield* graph.putItem("masked", "deviceManagement/deviceConfigurations", policy)
        const { id: backup } = yield* backedUp("masked")
        yield* put("masked", { ...policy, description: "Changed" })

        const [item] = yield* itemsOf("masked", yield* planned("masked", backup))

        assert.deepInclude({ ...item }, { action: "not_restorable" })
        assert.include(item?.reason, "omaSettings/0/value")
      })
    )
  })
})
