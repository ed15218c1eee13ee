import { Effect } from "effect"
import type { Hono } from "hono"
import { openApiDocument } from "./AtlasApi.ts"
import { ApiReferencePage } from "./pages/ApiReferencePage.tsx"
import { html, makeRequests } from "./Requests.ts"

/** The API's description: for programs, and for people. It tells nothing of any tenant, so everyone may read it. */
export const makeApiReferenceRoutes = Effect.gen(function* () {
  const { open } = yield* makeRequests
  const document = JSON.stringify(openApiDocument)
  const page = open((c, shell) => html(c, ApiReferencePage({ shell, document: openApiDocument })))

  return (app: Hono) => {
    app.get("/api/v1/openapi.json", (c) =>
      c.body(document, 200, { "content-type": "application/json", "cache-control": "public, max-age=300" })
    )
    app.get("/api", page)
  }
})
