import type { TenantScope } from "@atlas/operations"

/**
 * What a sealed text belongs to: it opens for nothing else.
 *
 * @param kind of the text
 * @param tenant whose it is
 */
export const ownerOf = (kind: "salt" | "secret", { tenantId, workspaceId }: TenantScope): string =>
  JSON.stringify([`policy ${kind}`, workspaceId, tenantId])
