/**
 * The port through which a host names its tenants. Whoever confirms a restore types the name of its tenant, and `Restores`
 * compares the two.
 *
 * @module
 */

import type { TenantScope } from "@atlas/operations"
import { Context, type Effect } from "effect"

/** The names of tenants, as the host shows them to people. */
export class TenantNames extends Context.Service<
  TenantNames,
  {
    /** The name of a tenant that exists. */
    nameOf(tenant: TenantScope): Effect.Effect<string>
  }
>()("@atlas/intune/TenantNames") {}
