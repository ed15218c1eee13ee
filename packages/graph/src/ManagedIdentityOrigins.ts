import { Context } from "effect"

/** The instance metadata service of Azure's virtual machines and containers. */
export const instanceMetadata = "http://169.254.169.254"

/**
 * The origins at which managed identities may be asked for, and nothing else is. A host on Azure App Service adds the
 * origin of its `IDENTITY_ENDPOINT`.
 *
 * @see https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
 */
export const ManagedIdentityOrigins = Context.Reference<ReadonlyArray<string>>("@atlas/graph/ManagedIdentityOrigins", {
  defaultValue: () => [instanceMetadata]
})
