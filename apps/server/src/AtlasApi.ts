/**
 * The whole HTTP API of the reference server, composed of the declarations of its packages. Typed clients (`HttpApiClient`) and
 * tests that try every call use it; the console serves the calls.
 *
 * @module
 */

import { DirectoryApi } from "@atlas/directory"
import { IntuneApi } from "@atlas/intune"
import { OperationsApi } from "@atlas/operations"
import { HttpApi, OpenApi } from "effect/http-api"

/** The API, as its packages declare it. */
export class AtlasApi extends HttpApi.make("atlas")
  .addHttpApi(OperationsApi.Api)
  .addHttpApi(DirectoryApi)
  .addHttpApi(IntuneApi)
  .annotateMerge(
    OpenApi.annotations({
      title: "Atlas",
      version: "1",
      description:
        "Operations on many Microsoft 365 tenants, their cached directories, and what is configured in them. Send a bearer token; errors are application/problem+json (RFC 9457)."
    })
  ) {}

/** The description of the API as an OpenAPI 3.1 document. https://spec.openapis.org/oas/v3.1.0 */
export const openApiDocument = OpenApi.fromApi(AtlasApi)
