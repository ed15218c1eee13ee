import { Authentication, Problems } from "@atlas/operations"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, OpenApi } from "effect/http-api"
import { DirectoryGroup } from "./DirectoryGroup.ts"
import { Freshness } from "./Freshness.ts"
import { maxGroupPage } from "./DirectoryGroups.ts"

const Instant = Schema.DateTimeUtcFromString

/** A cached group on the wire. */
export const GroupResource = Schema.Struct({ ...DirectoryGroup.fields, removedAt: Schema.NullOr(Instant) })

/** The age of the cache on the wire. */
export const FreshnessResource = Schema.Struct({ ...Freshness.fields, completedAt: Schema.NullOr(Instant) })

/** Reading the directory cache. */
export class DirectoryApiGroup extends HttpApiGroup.make("directory")
  .add(
    HttpApiEndpoint.get("groups", "/tenants/:tenant/directory/groups", {
      params: { tenant: Schema.String },
      query: {
        query: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
        cursor: Schema.optionalKey(Schema.String),
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: maxGroupPage })))
      },
      success: Schema.Struct({
        groups: Schema.Array(GroupResource),
        nextCursor: Schema.NullOr(Schema.String),
        freshness: FreshnessResource
      }),
      error: [Problems.NotFound, Problems.Forbidden, Problems.InvalidCursor]
    })
  )
  .middleware(Authentication)
  .annotateMerge(OpenApi.annotations({ title: "Directory", description: "Cached Entra groups." })) {}

/** The HTTP API of the directory cache, below `/api/v1`. */
export class DirectoryApi extends HttpApi.make("atlas-directory")
  .add(DirectoryApiGroup)
  .middleware(HttpApiMiddleware.ProblemDetails)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  .prefix("/api/v1") {}
