// A directory that is synchronised by workers which are killed: what both sides know of it.
import { TestOperations } from "@atlas/operations/testing"
import { Directory } from "@atlas/directory"
import { DirectoryCache } from "@atlas/directory/testing"
import { type Actor, type Grant, Operations, StartGate, TenantId, WorkspaceId } from "@atlas/operations"
import { Effect, Layer } from "effect"

/** The steps of a sync at which its worker can be killed, each as often as it comes. */
export type SyncStep =
  | "claimed"
  /** Before a page's statement: what came before is committed. */
  | "asked"
  /** After a page's statement, inside its transaction. */
  | "written"
  /** After the statement that ends a round, inside its transaction. */
  | "ended"
  /** After the fenced update of a transaction, before its commit. */
  | "fenced"
  /** After the last commit, before the run is completed. */
  | "completing"
  | "completed"

/** How a worker process is told what to be. */
export interface SyncWorkerOptions {
  readonly databaseUrl: string
  readonly graphOrigin: string
  readonly leaseMillis: number
  readonly at: SyncStep
  /** At which of the step's times it is killed, from 1. */
  readonly nth: number
}

const workspaceId = WorkspaceId.make("northwind")
const tenantId = TenantId.make("contoso")

/** The tenant that is synchronised. */
export const scope = { workspaceId, tenantId }

/** Who starts the syncs. */
export const operator: Actor = { id: "operator@northwind", kind: "user", name: "Operator" }

/** Of the fake Graph, the same for the server and for the workers that connect to it. */
export const fakeTenant = { tenantId: "contoso", entraTenantId: "contoso" }

const capabilities: Grant["capabilities"] = new Set(["tenant.directory.sync", "tenant.directory.view"])
const access = TestOperations.accessIn(workspaceId, () => capabilities)
const gate = StartGate.layer(StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open)))

/** The ledger and the cache. */
export const host = Directory.layer.pipe(
  Layer.provideMerge(Operations.layer(...Directory.operations).pipe(Layer.provide(gate))),
  Layer.provideMerge(access)
)

/** A cache that says when a sync comes to a step of its. */
export const watchedCache = (reach: (step: SyncStep) => Effect.Effect<void>) =>
  Layer.effect(
    DirectoryCache,
    Effect.map(DirectoryCache, (cache) => {
      const { complete, storePage } = cache.groups
      const groups: DirectoryCache["Service"]["groups"] = {
        ...cache.groups,
        storePage: (...args) =>
          reach("asked").pipe(
            Effect.andThen(storePage(...args)),
            Effect.tap(() => reach("written"))
          ),
        complete: (...args) => Effect.tap(complete(...args), () => reach("ended"))
      }
      return DirectoryCache.of({ ...cache, groups })
    })
  )
