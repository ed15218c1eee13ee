/**
 * The host's policy as plain functions. Atlas has no users and no roles of its own, and asks these functions anew for each
 * call.
 *
 * @module
 */
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
 * The host's policy. A person without a grant that reaches a tenant gets `NotFound`; one whose grant lacks the capability gets
 * `Forbidden`.
 *
 * @example
 * ```ts
 * const workspaceOf = (tenant: string) => (tenant === "acme-eu" ? "acme" : null)
 * const rights = { ada: ["tenant.reports.export", "tenant.reports.view"], rita: ["tenant.reports.view"] } as const
 * const grants = ({ id }: { id: string }) =>
 *   Object.hasOwn(rights, id) ? [{ workspaceId: "acme", tenants: "all", capabilities: rights[id as "ada"] } as const] : []
 * ```
 */
export interface HostAccess {
  /** All grants of a person, at most one per workspace; none for somebody whom the host does not know. */
  grants(actor: { readonly id: string; readonly name: string }): Awaitable<ReadonlyArray<Grant>>
  /** The workspace that a tenant belongs to; null if there is no such tenant. */
  workspaceOf(tenantId: string): Awaitable<string | null>
}
