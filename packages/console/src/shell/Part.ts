/**
 * Parts: features that a console has if its host mounts them, with pages, calls, and additions to pages of others. Each package
 * has its part in an entry of `@atlas/console`; a host makes its own with `makePart`.
 *
 * @module
 */

import type { Actor, Capability, OperationsApi, OperationsHttp, Run } from "@atlas/operations"
import { Context, type Effect, type FileSystem, type Layer, type Path } from "effect"
import type { Etag, HttpPlatform, HttpRouter } from "effect/http"
import type { HttpApi } from "effect/http-api"
import type { Child } from "hono/jsx"
import type { Confirmations } from "./Confirmations.ts"
import type { Host, Tenant } from "./Host.ts"
import type { CountLabels } from "./components/Counts.tsx"
import type { PageProblem } from "./Requests.ts"
import type { Routes } from "./Routes.ts"

/** A record that a run belongs to, or has made. */
export interface RunRecord {
  readonly title: string
  readonly name: string
  readonly href: string
}

/** A page of a tenant, below the page of the tenant. */
export interface TenantPageLink {
  readonly path: string
  readonly label: string
  /** The capability to view it. Whoever lacks it is told so where the link would be. */
  readonly capability?: Capability
}

/** What a part adds to pages of others. */
export interface Contribution {
  /** Its pages of a tenant. */
  readonly tenantPages?: ReadonlyArray<TenantPageLink>
  /** By the name of an operation that works on records: the page of the tenant where those records are. */
  readonly startPages?: Readonly<Record<string, TenantPageLink>>
  /** What it says of each tenant in the list, by the tenant's id. */
  readonly badgesOf?: (tenants: ReadonlyArray<Tenant>) => Effect.Effect<ReadonlyMap<string, Child>>
  /** The records that a run belongs to or has made, as far as the actor may see them. */
  readonly recordsOf?: (actor: Actor, run: Run) => Effect.Effect<ReadonlyArray<RunRecord>>
  /** What the counts of a run mean, where the usual words such as “Created” would mislead. */
  readonly countLabelsOf?: (run: Run) => CountLabels
  /** The panel of a run's report, if the report is of its kind. */
  readonly reportOf?: (run: Run) => Child
  /** What it shows at the foot of another part's page of a tenant. */
  readonly appendixOf?: (page: string, actor: Actor, tenant: Tenant) => Effect.Effect<ReadonlyArray<Child>, PageProblem>
}

/** What all parts of a console add to pages of others. */
export class Contributions extends Context.Service<Contributions, ReadonlyArray<Contribution>>()(
  "@atlas/console/Contributions"
) {}

/** The services that the console provides to the pages of a part. */
export type PageServices = Host | Confirmations | Contributions

/** The services that the console provides to the calls of a part. */
export type ApiServices =
  | OperationsApi.Authentication
  | OperationsHttp.PublicUrl
  | HttpRouter.HttpRouter
  | Etag.Generator
  | FileSystem.FileSystem
  | HttpPlatform.HttpPlatform
  | Path.Path

/**
 * A feature with its pages and calls. A part that is not mounted has no page, no call, no link and no place in the OpenAPI
 * document.
 *
 * @typeParam R the services that the host provides to it
 */
export interface Part<R> {
  /** Adds its pages, below the console's base path. */
  readonly pages?: Effect.Effect<(routes: Routes) => void, never, R | PageServices>
  readonly contribution?: Effect.Effect<Contribution, never, R | Host>
  /**
   * Its calls, below `/api/v1`. A call that declares `OperationBusy` starts runs, so how often a person may make it is limited.
   */
  readonly api?: {
    readonly declaration: HttpApi.Constraint
    readonly routes: Layer.Layer<never, never, R | ApiServices>
  }
}

/**
 * Makes a part. The services that it needs are inferred, or given: `never` for none.
 *
 * @example
 * ```ts
 * const hello = makePart<never>({
 *   pages: Effect.succeed((routes: Routes) => routes.get("/hello", () => new Response("Hello")))
 * })
 * ```
 */
export const makePart = <R>(part: Part<R>): Part<R> => part
