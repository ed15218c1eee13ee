import type { Actor, Authentication, OperationsHttp, Run } from "@atlas/operations"
import { Context, type Effect, type FileSystem, type Layer, type Path } from "effect"
import type { Etag, HttpPlatform, HttpRouter } from "effect/http"
import type { HttpApi } from "effect/http-api"
import type { Child } from "hono/jsx"
import type { Confirmations } from "./Confirmations.ts"
import type { Host, Tenant } from "./Host.ts"
import type { PageProblem } from "./Requests.ts"
import type { Routes } from "./Routes.ts"

/** A record of the host that a run belongs to, or has made. */
export interface RunRecord {
  readonly title: string
  readonly name: string
  readonly href: string
}

/** What a part adds to pages that are there without it. */
export interface Contribution {
  /** Its pages of a tenant, below the tenant's own. */
  readonly tenantPages?: ReadonlyArray<{ readonly path: string; readonly label: string }>
  /** Of an operation that works on a record, by its name: the page of the tenant below which such records are. */
  readonly startPages?: Readonly<Record<string, string>>
  /** What it has to say of each tenant in the list, by id. */
  readonly badgesOf?: (tenants: ReadonlyArray<Tenant>) => Effect.Effect<ReadonlyMap<string, Child>>
  /** What a run belongs to, or has made, as far as the actor may see it. */
  readonly recordsOf?: (actor: Actor, run: Run) => Effect.Effect<ReadonlyArray<RunRecord>>
  /** The panel of a run's report, if the report is one of its own. */
  readonly reportOf?: (run: Run) => Child
  /** What it has to show at the foot of another part's page of a tenant. */
  readonly appendixOf?: (page: string, actor: Actor, tenant: Tenant) => Effect.Effect<ReadonlyArray<Child>, PageProblem>
}

/** What all parts of a console add to pages that are not theirs. */
export class Contributions extends Context.Service<Contributions, ReadonlyArray<Contribution>>()(
  "@atlas/console/Contributions"
) {}

/** What the console itself has for the pages of a part. */
export type PageServices = Host | Confirmations | Contributions

/** What the console itself has for the calls of a part. */
export type ApiServices =
  | Authentication
  | OperationsHttp.PublicUrl
  | HttpRouter.HttpRouter
  | Etag.Generator
  | FileSystem.FileSystem
  | HttpPlatform.HttpPlatform
  | Path.Path

/**
 * A feature with its pages and calls, which a console has if its host wants it. What is not mounted leaves no trace.
 *
 * @typeParam R the services that the host has to have for it
 */
export interface Part<R> {
  /** Adds its pages, below the console's base path. */
  readonly pages?: Effect.Effect<(routes: Routes) => void, never, R | PageServices>
  readonly contribution?: Effect.Effect<Contribution, never, R | Host>
  /** Its calls, declared below `/api/v1`. Those that can be refused with `OperationBusy` start runs: how many is limited. */
  readonly api?: {
    readonly declaration: HttpApi.Constraint
    readonly routes: Layer.Layer<never, never, R | ApiServices>
  }
}

/** Makes a part, of which the services are inferred that it needs. */
export const makePart = <R>(part: Part<R>): Part<R> => part
