import { DirectoryApi } from "@atlas/directory"
import { IntuneApi } from "@atlas/intune"
import { OperationsApi } from "@atlas/operations"
import { HttpApi, OpenApi } from "effect/http-api"

/** The whole API of the server, as its packages declare it: for typed clients (`HttpApiClient`) and for its description. */
export class AtlasApi extends HttpApi.make("atlas")
  .addHttpApi(OperationsApi)
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

/** Its description as an OpenAPI 3.1 document. https://spec.openapis.org/oas/v3.1.0 */
export const openApiDocument = OpenApi.fromApi(AtlasApi)
