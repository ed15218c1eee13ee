/**
 * The declaration of the directory's HTTP API, below `/api/v1`. Hosts serve it with `DirectoryHttp.layer`, clients derive typed
 * calls from it, and it describes itself as OpenAPI. Every answer says how old the cache is.
 *
 * @module
 */
import { Decoding, HttpProblems, OperationsApi, Problems } from "@atlas/operations"
import { Freshness, Removal } from "@atlas/replica"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { DirectoryGroup, GroupFilter } from "../cache/DirectoryGroup.ts"
import { maxLabels, maxPage } from "../search/DirectoryReader.ts"
import { DirectoryRoleDefinition, RoleDefinitionFilter } from "../cache/DirectoryRoleDefinition.ts"

const Instant = Schema.DateTimeUtcFromString

/** A cached group on the wire. */
export const GroupResource = Schema.Struct({ ...DirectoryGroup.fields, removedAt: Schema.NullOr(Instant) })

/** A cached role definition on the wire. */
export const RoleDefinitionResource = Schema.Struct({
  ...DirectoryRoleDefinition.fields,
  removedAt: Schema.NullOr(Instant)
})

/** The freshness of the cache on the wire. */
export const FreshnessResource = Schema.Struct({
  ...Freshness.fields,
  completedAt: Schema.NullOr(Instant),
  lastAttemptAt: Schema.NullOr(Instant)
})

const LabelResource = Schema.Struct({
  id: Schema.String,
  displayName: Schema.NullOr(Schema.String),
  state: Schema.Literals(["exists", ...Removal.literals, "never_seen"])
})

const query = <F extends Schema.Top>(filter: F) => ({
  query: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
  filter: OperationsApi.repeatable(filter),
  cursor: Schema.optionalKey(Schema.String),
  limit: Schema.optionalKey(Decoding.pageLimit(maxPage))
})
const ids = {
  ids: Schema.String.check(
    Schema.makeFilter(
      (text) => text.split(",").length <= maxLabels || `must name at most ${maxLabels} ids, separated by commas`
    )
  )
}
const pageOf = { nextCursor: Schema.NullOr(Schema.String), typeMore: Schema.Boolean, freshness: FreshnessResource }
const labels = Schema.Struct({ labels: Schema.Array(LabelResource), freshness: FreshnessResource })
const { refusals } = OperationsApi
const params = { tenant: Schema.String }
const one = { ...params, id: Schema.String }

/** The calls that read the cache. */
export class DirectoryApiGroup extends HttpApiGroup.make("directory")
  .add(
    HttpApiEndpoint.get("groups", "/tenants/:tenant/directory/groups", {
      params,
      query: query(GroupFilter),
      success: Schema.Struct({ groups: Schema.Array(GroupResource), ...pageOf }),
      error: [...refusals, Problems.InvalidCursor]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Search groups",
        description: "Existing groups by name, the best matches first. `filter` may be repeated; all must hold."
      })
    ),
    HttpApiEndpoint.get("groupLabels", "/tenants/:tenant/directory/groups/labels", {
      params,
      query: ids,
      success: labels,
      error: refusals
    }).annotateMerge(
      OpenApi.annotations({ summary: "Label groups", description: "A name for each id, including removed groups." })
    ),
    HttpApiEndpoint.get("group", "/tenants/:tenant/directory/groups/:id", {
      params: one,
      success: Schema.Struct({ group: GroupResource, freshness: FreshnessResource }),
      error: refusals
    }).annotateMerge(OpenApi.annotations({ summary: "Read a group", description: "Returns removed groups too." })),
    HttpApiEndpoint.get("roleDefinitions", "/tenants/:tenant/directory/role-definitions", {
      params,
      query: query(RoleDefinitionFilter),
      success: Schema.Struct({ roleDefinitions: Schema.Array(RoleDefinitionResource), ...pageOf }),
      error: [...refusals, Problems.InvalidCursor]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Search role definitions",
        description: "Existing definitions by name, the best matches first. `filter` may be repeated; all must hold."
      })
    ),
    HttpApiEndpoint.get("roleDefinitionLabels", "/tenants/:tenant/directory/role-definitions/labels", {
      params,
      query: ids,
      success: labels,
      error: refusals
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Label role definitions",
        description: "A name for each id, including removed definitions."
      })
    ),
    HttpApiEndpoint.get("roleDefinition", "/tenants/:tenant/directory/role-definitions/:id", {
      params: one,
      success: Schema.Struct({ roleDefinition: RoleDefinitionResource, freshness: FreshnessResource }),
      error: refusals
    }).annotateMerge(
      OpenApi.annotations({ summary: "Read a role definition", description: "Returns removed definitions too." })
    )
  )
  .middleware(HttpProblems.Middleware)
  .middleware(OperationsApi.Authentication)
  .annotateMerge(
    OpenApi.annotations({ title: "Directory", description: "Cached Entra groups and definitions of directory roles." })
  ) {}

/** The API with its prefix. */
export class DirectoryApi extends HttpApi.make("atlas-directory")
  .add(DirectoryApiGroup)
  .annotateMerge(HttpProblems.annotations)
  .prefix("/api/v1") {}
