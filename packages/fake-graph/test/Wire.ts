import { Effect, Layer } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { FakeGraph, type FakeGraphOptions } from "../src/index.ts"

/** One tenant whose directory has three pages of twenty and a rest. */
export const options: FakeGraphOptions = { tenants: [{ tenantId: "contoso", groups: 65 }] }

/** The fake's id of that tenant. */
export const entraTenantId = "11111111-0000-4000-8000-000000000001"

/** The fake in memory, and a client that speaks to it as to any server. */
export const wire = (fake: FakeGraphOptions = options) =>
  FakeGraph.layerHttpClient.pipe(Layer.provideMerge(FakeGraph.layerEngine(fake)))

/** The fake's app of the first tenant. */
export const clientId = "22222222-0000-4000-8000-000000000001"

interface Asked {
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** Sends one request; the body is parsed where it is JSON. */
export const send = Effect.fnUntraced(function* (address: string, { body, headers = {}, method = "GET" }: Asked = {}) {
  const { origin } = yield* FakeGraph
  const client = yield* HttpClient.HttpClient
  const request = HttpClientRequest.make(method)(address.startsWith("/") ? `${origin}${address}` : address, { headers })
  const response = yield* client.execute(
    body === undefined ? request : HttpClientRequest.bodyText(request, JSON.stringify(body), "application/json")
  )
  const text = yield* response.text
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: /^[[{]/.test(text) && /[\]}]$/.test(text) ? JSON.parse(text) : text
  }
})

/** Asks the token endpoint; with the fake's own secret unless told otherwise. */
export const logIn = Effect.fnUntraced(function* (form: Readonly<Record<string, string>> = {}) {
  const { origin } = yield* FakeGraph
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(
    HttpClientRequest.post(`${origin}/${entraTenantId}/oauth2/v2.0/token`).pipe(
      HttpClientRequest.bodyUrlParams({
        grant_type: "client_credentials",
        client_id: clientId,
        scope: `${origin}/.default`,
        ...("client_assertion" in form || "client_secret" in form ? {} : { client_secret: "fake-secret-1" }),
        ...form
      })
    )
  )
  const body = (yield* response.json) as {
    readonly access_token: string
    readonly expires_in: number
    readonly error?: string
    readonly error_codes?: ReadonlyArray<number>
  }
  return { status: response.status, ...body }
})

/** The header that a token goes into. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Sends one request with a fresh token. */
export const ask = Effect.fnUntraced(function* (address: string, asked: Asked = {}) {
  const { access_token } = yield* logIn()
  return yield* send(address, { ...asked, headers: { ...bearer(access_token), ...asked.headers } })
})

/** One answer within a batch. */
export interface ItemAnswer {
  readonly id: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: any
}

/** Sends a batch, and gives its answers by id, and in their order. */
export const batch = Effect.fnUntraced(function* (requests: ReadonlyArray<object>, version = "v1.0") {
  const { body, status } = yield* ask(`/${version}/$batch`, { method: "POST", body: { requests } })
  const responses: ReadonlyArray<ItemAnswer> = body.responses ?? []
  return { status, error: body.error, responses, byId: new Map(responses.map((item) => [item.id, item])) }
})
