import { Directory } from "@atlas/directory"
import { GraphCloud } from "@atlas/graph"
import { Intune } from "@atlas/intune"
import { FakeGraph, loadData } from "@atlas/fake-graph"
import { Effect, Layer } from "effect"
import { demonstrationTenants } from "./DemonstrationData.ts"

/** The permissions of the demonstration's apps: what its operations need, and reading the organization. */
const permissions = [
  "Organization.Read.All",
  ...new Set(
    [...Directory.operations, ...Intune.operations].flatMap(({ contracts }) =>
      contracts.flatMap((contract) => contract.permissions.map(({ name }) => name))
    )
  )
]

/** The fake Graph of the demonstration tenants: with generated groups, or with what a folder of JSON contains. */
const startFake = Effect.fnUntraced(function* (data: string | null, groups: number) {
  const content = data === null ? { groups } : { data: yield* loadData(data) }
  return FakeGraph.layerHttp({
    tenants: demonstrationTenants.map((tenant) => ({ ...tenant, ...content, permissions }))
  })
})

/**
 * The fake Graph that development talks to, and the cloud that makes the live client accept it.
 *
 * @param settings `groups` is how many groups each demonstration tenant has, and `data` a folder with other content; `url` is
 * the address of a fake that runs already, null to start one on loopback
 */
export const layer = (settings: {
  readonly groups: number
  readonly data: string | null
  readonly url: string | null
}) =>
  settings.url === null
    ? Layer.unwrap(Effect.map(FakeGraph, ({ origin }) => GraphCloud.layerFake(origin))).pipe(
        Layer.provide(Layer.unwrap(startFake(settings.data, settings.groups)))
      )
    : GraphCloud.layerFake(settings.url)
