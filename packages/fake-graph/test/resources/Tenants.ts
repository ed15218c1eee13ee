/** Tenants whose app may do everything, and what tests of refusals ask of them. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { FakeGraph, type FakeItem, type FakeTenantOptions } from "../../src/index.ts"
import { fakeResources, writePermissions } from "../../src/tenant/FakeResources.ts"
import { ask, entraTenantId, wire } from "../Wire.ts"

/** One tenant, without objects where `collections` gives none. */
export const tenant = (
  collections: Readonly<Record<string, ReadonlyArray<FakeItem>>> = {},
  more: FakeTenantOptions = {}
) => wire({ tenants: [{ groups: 3, permissions: writePermissions, collections, ...more }] })

/** No object in any collection. */
export const nothing = Object.fromEntries(fakeResources.map(({ path }) => [path, []]))

/** Sends a request that succeeds, and yields the body of its answer. */
export const done = Effect.fnUntraced(function* (...asked: Parameters<typeof ask>) {
  const { body, status } = yield* ask(...asked)
  assert.isBelow(status, 300, JSON.stringify(body))
  return body
})

/** Sends a request that is refused: its status, code, sentence without the trailer for support, and why the fake refused. */
export const refused = Effect.fnUntraced(function* (...asked: Parameters<typeof ask>) {
  const { body, status } = yield* ask(...asked)
  assert.isAtLeast(status, 400, JSON.stringify(body))
  const { code, message } = body.error
  const sentence: string = message.startsWith("{") ? JSON.parse(message).Message.split(" - Operation ID")[0] : message
  const requests = yield* FakeGraph.use((fake) => fake.requests)
  return { status, code: code as string, sentence, reason: requests.at(-1)?.reason }
})

/** The ids in a listing. */
export const idsIn = (path: string) =>
  Effect.map(done(path), ({ value }) => (value as ReadonlyArray<FakeItem>).map(({ id }) => id))

/** What the fake has in a collection. */
export const itemsOf = (path: string) => FakeGraph.use((fake) => fake.items(entraTenantId, path))

/** A device configuration of a type that both versions have. */
export const restrictions = (more: object = {}) => ({
  "@odata.type": "#microsoft.graph.windows10GeneralConfiguration",
  displayName: "Restrictions",
  ...more
})

/** A compliance policy as it is made. */
export const compliance = (more: object = {}) => ({
  "@odata.type": "#microsoft.graph.windows10CompliancePolicy",
  displayName: "Compliant",
  scheduledActionsForRule: [
    { ruleName: "PasswordRequired", scheduledActionConfigurations: [{ actionType: "block", gracePeriodHours: 0 }] }
  ],
  ...more
})

/** A policy of the settings catalog as it is made. */
export const catalog = (more: object = {}) => ({
  name: "Catalog",
  platforms: "windows10",
  technologies: "mdm",
  settings: [
    {
      settingInstance: {
        "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
        settingDefinitionId: "one",
        choiceSettingValue: { value: "one_1", children: [] }
      }
    }
  ],
  ...more
})
