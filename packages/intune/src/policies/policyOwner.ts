import type { TenantScope } from "@atlas/operations"

/** The owner of a tenant's sealed salt or secrets, for `PolicySecrets`: they open for no other. */
export const ownerOf = (kind: "salt" | "secret", { tenantId, workspaceId }: TenantScope): string =>
  JSON.stringify([`policy ${kind}`, workspaceId, tenantId])
