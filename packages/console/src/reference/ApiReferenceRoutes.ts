import { Effect } from "effect"
import { HttpApi, OpenApi } from "effect/http-api"
import type { Hono } from "hono"
import { Host } from "../shell/Host.ts"
import { html, makeRequests } from "../shell/Requests.ts"
import { ApiReferencePage } from "./ApiReferencePage.tsx"

const description =
  "Operations on many Microsoft 365 tenants, their cached directories, and what is configured in them. Send a bearer token; errors are application/problem+json (RFC 9457)."

/** The API's description, for programs and for people. It says nothing of any tenant, so everyone may read it. */
export const makeApiReferenceRoutes = Effect.fnUntraced(function* (declarations: ReadonlyArray<HttpApi.Top>) {
  const { apiBasePath, brand, links } = yield* Host
  const { open } = yield* makeRequests
  const whole = declarations
    .reduce((all: HttpApi.Top, one) => all.addHttpApi(one), HttpApi.make("atlas") as HttpApi.Constraint as HttpApi.Top)
    .annotateMerge(OpenApi.annotations({ title: brand, version: "1", description }))
  const document = { ...OpenApi.fromApi(whole), ...(apiBasePath === "" ? {} : { servers: [{ url: apiBasePath }] }) }
  const json = JSON.stringify(document)
  const page = open((c, shell) => html(c, ApiReferencePage({ shell, document })))

  // https://spec.openapis.org/oas/v3.1.0
  return (app: Hono): void => {
    app.get(links.api("/v1/openapi.json"), (c) =>
      c.body(json, 200, { "content-type": "application/json", "cache-control": "public, max-age=300" })
    )
    app.get(links.api(""), page)
  }
})
