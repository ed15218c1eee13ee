import type { Capability } from "../run/Capability.ts"

type Awaitable<A> = A | Promise<A>

/** What a person may do in a workspace, in all of its tenants or in some. */
export interface Grant {
  readonly workspaceId: string
  readonly tenants: "all" | ReadonlyArray<string>
  /** Such as `tenant.reports.export`. */
  readonly capabilities: ReadonlyArray<Capability>
}

/**
 * The host's policy, asked before everything. Without a grant that reaches a tenant, a person gets `NotFound`; with one that
 * lacks the capability, `Forbidden`.
 */
export interface HostAccess {
  /** Every grant of a person, at most one per workspace; none for a stranger. */
  grants(actor: { readonly id: string; readonly name: string }): Awaitable<ReadonlyArray<Grant>>
  /** The workspace that a tenant belongs to; null if there is no such tenant. */
  workspaceOf(tenantId: string): Awaitable<string | null>
}
