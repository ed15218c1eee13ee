import { GraphCloud, LiveGraph, ProviderConnection, ProviderConnections } from "@atlas/graph"
import { Graph, GraphContract, TenantId, WorkspaceId } from "@atlas/operations"
import { Client, type Middleware, PageIterator } from "@microsoft/microsoft-graph-client"
import { DateTime, Effect, Layer, Redacted, Schema, Stream } from "effect"
import { FetchHttpClient } from "effect/http"

/** Where the groups are, and who may read them. */
export interface Directory {
  readonly origin: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
}

/** Takes a page of groups; a consumer that works, such as a database, makes the reader wait. */
export type Consume = (groups: ReadonlyArray<{ readonly id: string }>) => Promise<void>

/** Reads every group of a directory. */
export type GraphReader = (directory: Directory, consume: Consume) => Promise<void>

const select = [
  "id",
  "displayName",
  "description",
  "mail",
  "mailEnabled",
  "securityEnabled",
  "groupTypes",
  "onPremisesSyncEnabled"
]
const pageSize = 999

const listGroups = GraphContract.list({
  name: "groups.list",
  version: "v1.0",
  path: "/groups",
  select,
  pageSize,
  schema: Schema.Struct({
    id: Schema.String,
    displayName: Schema.NullOr(Schema.String),
    description: Schema.NullOr(Schema.String),
    mail: Schema.NullOr(Schema.String),
    mailEnabled: Schema.NullOr(Schema.Boolean),
    securityEnabled: Schema.NullOr(Schema.Boolean),
    groupTypes: Schema.Array(Schema.String),
    onPremisesSyncEnabled: Schema.NullOr(Schema.Boolean)
  }),
  permissions: []
})

const connectionTo = ({ clientId, clientSecret, tenantId }: Directory) => ({
  connection: new ProviderConnection({
    id: "bench",
    workspaceId: "bench",
    tenantId: "bench",
    displayName: "Bench",
    cloud: "fake",
    entraTenantId: tenantId,
    clientId,
    enabled: true,
    isDefault: true,
    createdAt: DateTime.makeUnsafe(0),
    updatedAt: DateTime.makeUnsafe(0),
    credentialKind: "client_secret",
    credentialExpiresAt: null,
    certificateThumbprint: null
  }),
  credential: { kind: "client_secret" as const, secret: Redacted.make(clientSecret) }
})

/** Decodes and checks each group, and fetches a page ahead. */
const atlas: GraphReader = (directory, consume) => {
  const live = LiveGraph.layer.pipe(
    Layer.provide([
      FetchHttpClient.layer,
      GraphCloud.layerFake(directory.origin),
      Layer.mock(ProviderConnections, { defaultFor: () => Effect.succeed(connectionTo(directory)) })
    ])
  )
  const tenant = { workspaceId: WorkspaceId.make("bench"), tenantId: TenantId.make("bench") }
  return Effect.runPromise(
    Effect.flatMap(Graph, (graph) =>
      Stream.runForEach(graph.list(tenant, listGroups, {}), ({ items }) => Effect.promise(() => consume(items)))
    ).pipe(Effect.provide(live))
  )
}

const tokenFor = async ({ clientId, clientSecret, origin, tenantId }: Directory): Promise<string> => {
  const answer = await fetch(`${origin}/${tenantId}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
      scope: `${origin}/.default`
    })
  })
  return (await answer.json()).access_token
}

const firstPage = `/v1.0/groups?$select=${select.join()}&$top=${pageSize}`

const base = "https://graph.invalid"

/** Microsoft's own client, whose iterator hands out one group at a time. */
const pageIterator: GraphReader = async (directory, consume) => {
  const headers = { authorization: `Bearer ${await tokenFor(directory)}` }
  // It knows https only: a next link of plain http ends up behind its own base address, from where it is taken again.
  const middleware: Middleware = {
    execute: async (context) => {
      const address = typeof context.request === "string" ? context.request : context.request.url
      const at = address.lastIndexOf("http://")
      const link = at < 0 ? `${directory.origin}${address.slice(base.length)}` : address.slice(at)
      context.response = await fetch(link, { headers })
    }
  }
  const client = Client.initWithMiddleware({ middleware, baseUrl: base, defaultVersion: "v1.0" })
  let page: Array<{ readonly id: string }> = []
  const flush = async () => {
    const full = page
    page = []
    await consume(full)
  }
  const iterator = new PageIterator(client, await client.api(firstPage.slice("/v1.0".length)).get(), (group) => {
    page.push(group)
    // It cannot wait for its consumer, unless it is stopped and resumed at each page.
    return page.length < pageSize
  })
  await iterator.iterate()
  while (!iterator.isComplete()) {
    await flush()
    await iterator.resume()
  }
  await flush()
}

/** The least that reads every page: no checks, no repetition, no look ahead. */
const bareFetch: GraphReader = async (directory, consume) => {
  const authorization = `Bearer ${await tokenFor(directory)}`
  for (let link: string | undefined = `${directory.origin}${firstPage}`; link !== undefined;) {
    const answer: Response = await fetch(link, { headers: { authorization } })
    const body: any = await answer.json()
    await consume(body.value)
    link = body["@odata.nextLink"]
  }
}

/** Who reads, by name. */
export const readers: Readonly<Record<string, GraphReader>> = {
  Atlas: atlas,
  "microsoft-graph-client": pageIterator,
  "bare fetch": bareFetch
}
