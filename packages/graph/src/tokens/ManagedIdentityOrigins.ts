/**
 * Where managed identities get their tokens. The client sends such token requests to these origins and nowhere else.
 *
 * @module
 */
import { Context } from "effect"

/** The instance metadata service of Azure's virtual machines and containers. */
export const instanceMetadata = "http://169.254.169.254"

/**
 * The allowed origins. Default: `instanceMetadata`. A host on Azure App Service adds the origin of its `IDENTITY_ENDPOINT`.
 *
 * @see https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
 */
export const ManagedIdentityOrigins = Context.Reference<ReadonlyArray<string>>("@atlas/graph/ManagedIdentityOrigins", {
  defaultValue: () => [instanceMetadata]
})
