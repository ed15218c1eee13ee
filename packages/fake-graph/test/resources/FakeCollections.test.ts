import { once } from "node:events"
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { FakeGraph, type FakeGraphOptions, loadData } from "../../src/index.ts"
import { entraTenantId } from "../Wire.ts"

const all = [
  "RoleManagement.Read.Directory",
  "Application.Read.All",
  "Organization.Read.All",
  "DeviceManagementConfiguration.ReadWrite.All",
  "DeviceManagementServiceConfig.ReadWrite.All",
  "DeviceManagementApps.Read.All",
  "DeviceManagementRBAC.Read.All"
]
const layer = (options: FakeGraphOptions = {}) =>
  FakeGraph.layerEngine({ ...options, tenants: [{ permissions: all, ...options.tenants?.[0] }] })

const bearer = Effect.gen(function* () {
  const fake = yield* FakeGraph
  const { clientId, clientSecret } = fake.tenants[0] ?? assert.fail("there is a tenant")
  const { body } = yield* fake.handle({
    method: "POST",
    url: new URL(`${fake.origin}/${entraTenantId}/oauth2/v2.0/token`),
    headers: {},
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
      scope: `${fake.origin}/.default`
    }).toString()
  })
  return JSON.parse(body).access_token as string
})

const ask = Effect.fnUntraced(function* (
  path: string,
  { body, headers = {}, method = "GET" }: { method?: string; body?: unknown; headers?: Record<string, string> } = {}
) {
  const fake = yield* FakeGraph
  const answer = yield* fake.handle({
    method,
    url: new URL(path, fake.origin),
    headers: { authorization: `Bearer ${yield* bearer}`, ...headers },
    body: body === undefined ? "" : JSON.stringify(body)
  })
  return { status: answer.status, body: answer.body === "" ? undefined : JSON.parse(answer.body) }
})

const everything = Effect.fnUntraced(function* (first: string) {
  const items: Array<{ readonly id: string; readonly [name: string]: unknown }> = []
  const sizes: Array<number> = []
  for (let link: string | undefined = first; link !== undefined;) {
    const { body }: { body: any } = yield* ask(link)
    items.push(...body.value)
    sizes.push(body.value.length)
    link = body["@odata.nextLink"]
  }
  return { items, sizes }
})

const policies = "/beta/deviceManagement/configurationPolicies"
const configurations = "/beta/deviceManagement/deviceConfigurations"
const enrollment = "/beta/deviceManagement/deviceEnrollmentConfigurations"

describe("the fake's collections keep Graph's rules", () => {
  it.effect("the settings catalog is titled by name, in beta only, with settings 25 at a time", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* ask(policies.replace("beta", "v1.0"))).status, 400)
      const { items } = yield* everything(policies)
      const large = items.find(({ settingCount }) => Number(settingCount) > 25) ?? assert.fail("one has many settings")
      assert.isString(large["name"])
      assert.notProperty(large, "displayName")
      assert.notProperty(large, "settings")
      const settings = yield* everything(`${policies}/${large.id}/settings?$top=100`)
      assert.lengthOf(settings.items, Number(large["settingCount"]))
      assert.strictEqual(settings.sizes[0], 25)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("enrollment configurations are of every subtype, with ids that are no UUIDs and defaults that stay", () =>
    Effect.gen(function* () {
      const { items } = yield* everything(enrollment)
      assert.strictEqual(new Set(items.map((item) => item["@odata.type"])).size, 8)
      const standard = items.find(({ id }) => id.endsWith("_DefaultWindows10EnrollmentCompletionPageConfiguration"))
      assert.strictEqual(standard?.["priority"], 0)
      assert.strictEqual((yield* ask(`${enrollment}/${standard?.id}`, { method: "DELETE" })).status, 400)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("whether a role is privileged is known in beta only, and roles take no page size", () =>
    Effect.gen(function* () {
      const roles = "roleManagement/directory/roleDefinitions"
      assert.strictEqual((yield* ask(`/v1.0/${roles}?$select=id,isPrivileged`)).status, 400)
      assert.strictEqual((yield* ask(`/v1.0/${roles}?$top=10`)).status, 400)
      assert.notProperty((yield* ask(`/v1.0/${roles}`)).body.value[0], "isPrivileged")
      assert.isTrue((yield* ask(`/beta/${roles}?$select=id,isPrivileged`)).body.value[0].isPrivileged)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("an object can be made, changed, assigned and deleted", () =>
    Effect.gen(function* () {
      const type = { "@odata.type": "#microsoft.graph.windows10GeneralConfiguration" }
      const made = yield* ask(configurations, { method: "POST", body: { ...type, displayName: "Mine" } })
      assert.strictEqual(made.status, 201)
      const one = `${configurations}/${made.body.id}`
      const changed = yield* ask(one, { method: "PATCH", body: { ...type, description: "Changed" } })
      assert.deepStrictEqual([changed.status, changed.body], [204, undefined])
      assert.deepInclude((yield* ask(one)).body, { displayName: "Mine", description: "Changed", id: made.body.id })
      const assignments = [{ target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }]
      assert.strictEqual((yield* ask(`${one}/assign`, { method: "POST", body: { assignments } })).status, 200)
      assert.lengthOf((yield* ask(`${one}/assignments`)).body.value, 1)
      assert.lengthOf((yield* ask(`${one}?$expand=assignments`)).body.assignments, 1)
      assert.strictEqual((yield* ask(one, { method: "DELETE" })).status, 204)
      assert.strictEqual((yield* ask(one)).status, 404)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("a write that is bound to an older state is refused", () =>
    Effect.gen(function* () {
      const [first] = (yield* ask(policies)).body.value
      const change = (name: string) =>
        ask(`${policies}/${first.id}`, {
          method: "PATCH",
          body: { name },
          headers: { "if-match": first["@odata.etag"] }
        })
      assert.strictEqual((yield* change("One")).status, 204)
      assert.strictEqual((yield* change("Two")).status, 412)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("reading does not permit writing, and Intune says so with JSON in the message", () =>
    Effect.gen(function* () {
      const { body, status } = yield* ask(configurations, { method: "POST", body: {} })
      assert.deepStrictEqual([status, body.error.code], [403, "Forbidden"])
      assert.include(JSON.parse(body.error.message).Message, "DeviceManagementConfiguration.ReadWrite.All")
      assert.strictEqual((yield* ask(configurations)).status, 200)
    }).pipe(Effect.provide(layer({ tenants: [{ permissions: ["DeviceManagementConfiguration.Read.All"] }] })))
  )

  it.effect("a grant is listed at once, and reaches tokens after the lag", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const { clientId } = fake.tenants[0] ?? assert.fail("there is a tenant")
      yield* fake.grantPermission(entraTenantId, "DeviceManagementApps.Read.All")
      const granted = yield* ask(`/v1.0/servicePrincipals(appId='${clientId}')/appRoleAssignments`)
      assert.deepInclude(granted.body.value[1], { appRoleId: "7a6ee1e7-141e-4cec-ae74-d9db155731ff" })
      assert.strictEqual((yield* ask("/v1.0/deviceAppManagement/mobileApps")).status, 403)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* ask("/v1.0/deviceAppManagement/mobileApps")).status, 200)
    }).pipe(
      Effect.provide(layer({ replicationLag: "2 minutes", tenants: [{ permissions: ["Application.Read.All"] }] }))
    )
  )

  it.effect("changes come without what was never set, with members unless they are left out, or from now on", () =>
    Effect.gen(function* () {
      const fake = yield* FakeGraph
      const [item] = (yield* ask("/v1.0/groups/delta")).body.value
      assert.property(item, "members@delta")
      assert.notInclude(Object.values(item), null)
      assert.notProperty((yield* ask("/v1.0/groups/delta?$select=displayName")).body.value[0], "members@delta")
      const latest = (yield* ask("/v1.0/groups/delta?$select=displayName&$deltaToken=latest")).body
      assert.deepStrictEqual(latest.value, [])
      yield* fake.renameGroup(entraTenantId, item.id, "Renamed")
      assert.deepStrictEqual((yield* ask(latest["@odata.deltaLink"])).body.value, [
        { id: item.id, displayName: "Renamed" }
      ])
      for (const option of ["$top=5", "$orderby=displayName", "$expand=members"]) {
        assert.strictEqual((yield* ask(`/v1.0/groups/delta?${option}`)).status, 400)
      }
    }).pipe(Effect.provide(layer({ tenants: [{ permissions: ["GroupMember.Read.All"] }] })))
  )

  it.effect("the same seed gives the same objects", () =>
    Effect.gen(function* () {
      const items = Effect.flatMap(FakeGraph, (fake) =>
        fake.items(entraTenantId, "deviceManagement/configurationPolicies")
      )
      const of = (seed: number) => Effect.provide(items, layer({ tenants: [{ seed }] }))
      assert.deepStrictEqual(yield* of(7), yield* of(7))
      assert.notDeepEqual(yield* of(7), yield* of(8))
    })
  )
})

const folder = (files: Readonly<Record<string, string | Uint8Array>>): string => {
  const directory = mkdtempSync(join(tmpdir(), "fake-data-"))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), content)
  }
  return directory
}

describe("loadData", () => {
  it.effect("serves files and folders of files, as lists, answers or single objects", () =>
    Effect.gen(function* () {
      const data = yield* loadData(
        folder({
          "groups.json": `[{"id":"1","displayName":"One"}]`,
          "deviceManagement.deviceConfigurations.json": `{"value":[{"id":"a"},{"id":"b"}]}`,
          "deviceManagement/deviceCompliancePolicies.json": Buffer.from(`\u{feff}[{"id":"c"}]`, "utf16le"),
          "deviceManagement/roleScopeTags.json": `\u{feff}[{"id":"0"}]`,
          "deviceManagement/configurationPolicies/bitlocker.json": `{"id":"p","name":"P","settings":[{"id":"0"}]}`
        })
      )
      yield* Effect.gen(function* () {
        const fake = yield* FakeGraph
        assert.deepStrictEqual(
          (yield* fake.groups(entraTenantId)).map(({ displayName }) => displayName),
          ["One"]
        )
        assert.lengthOf((yield* ask(configurations)).body.value, 2)
        assert.lengthOf((yield* ask("/v1.0/deviceManagement/deviceCompliancePolicies")).body.value, 1)
        assert.lengthOf((yield* ask("/beta/deviceManagement/roleScopeTags")).body.value, 1)
        assert.lengthOf((yield* ask(`${policies}/p/settings`)).body.value, 1)
        assert.lengthOf((yield* ask(enrollment)).body.value, 0)
      }).pipe(Effect.provide(layer({ tenants: [{ data }] })))
    })
  )

  it.effect("names every problem", () =>
    Effect.gen(function* () {
      const directory = folder({
        "groups.json": `[{"id":"1"},{"displayName":"No id"}]`,
        "grupos.json": "[]",
        "deviceAppManagement/mobileApps.json": "{",
        "deviceManagement/deviceConfigurations.json": `[{"id":"a"},{"id":"a"}]`
      })
      const { problems } = yield* Effect.flip(loadData(directory))
      assert.lengthOf(problems, 5)
      for (const part of ["group 1", "object 2", "grupos.json", "not JSON", "more than once"]) {
        assert.isTrue(
          problems.some((problem) => problem.includes(part)),
          part
        )
      }
    })
  )

  it.effect("names a file that cannot be read, and each id once that occurs again and again", () =>
    Effect.gen(function* () {
      const directory = folder({ "groups.json": JSON.stringify(Array(3).fill({ id: "1", displayName: "One" })) })
      // Nobody can open a socket as a file, root included.
      mkdirSync(join(directory, "deviceManagement"))
      const socket = createServer().listen(join(directory, "deviceManagement", "roleScopeTags.json"))
      yield* Effect.addFinalizer(() => Effect.sync(() => socket.close()))
      yield* Effect.promise(() => once(socket, "listening"))
      const { problems } = yield* Effect.flip(loadData(directory))
      assert.deepStrictEqual(problems, [
        "deviceManagement/roleScopeTags.json: this cannot be read: check its permissions.",
        "groups 1: this id occurs more than once."
      ])
    }).pipe(Effect.scoped)
  )
})
