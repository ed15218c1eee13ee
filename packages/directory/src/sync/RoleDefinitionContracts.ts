/**
 * The request to Graph for role definitions, which `RoleDefinitionsSync` makes.
 *
 * @module
 */
import { GraphContract } from "@atlas/operations"
import { Schema } from "effect"

/** A role definition as Graph lists it. https://learn.microsoft.com/graph/api/resources/unifiedroledefinition */
export const GraphRoleDefinition = Schema.Struct({
  id: Schema.String,
  displayName: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  description: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  templateId: Schema.NullishOr(Schema.String).pipe(Schema.optionalKey),
  isBuiltIn: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey),
  isEnabled: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey),
  isPrivileged: Schema.NullishOr(Schema.Boolean).pipe(Schema.optionalKey)
})
export type GraphRoleDefinition = typeof GraphRoleDefinition.Type

/**
 * All definitions of directory roles in a tenant. From beta, since only beta says which are privileged. Without a page size,
 * since the endpoint takes none. https://learn.microsoft.com/graph/api/rbacapplication-list-roledefinitions
 */
export const listRoleDefinitions = GraphContract.list({
  name: "directory_role_definitions.list",
  version: "beta",
  path: "/roleManagement/directory/roleDefinitions",
  select: ["id", "displayName", "description", "templateId", "isBuiltIn", "isEnabled", "isPrivileged"],
  schema: GraphRoleDefinition,
  permissions: [{ name: "RoleManagement.Read.Directory", appRoleId: "483bed4a-2ad3-4361-a73b-c83ccdbdc53c" }]
})
