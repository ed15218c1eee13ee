import type { Access, RunQueries } from "@atlas/operations"
import { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { Inventory } from "./Inventory.ts"
import * as InventorySync from "./InventorySync.ts"
import type { PolicySecrets } from "./PolicySecrets.ts"
import { PolicyStore } from "./PolicyStore.ts"

/** The operation types of this package, for `Operations.layer`. */
export const types: readonly [typeof InventorySync.type] = [InventorySync.type]

/** What executes them, for `Worker.layer`. */
export const handlers: readonly [typeof InventorySync.handler] = [InventorySync.handler]

/** The inventory: what every process of a host needs. It cannot reach Graph; only the handlers do. */
export const layer: Layer.Layer<
  Inventory | PolicyStore,
  never,
  Access | PolicySecrets | RunQueries | SqlClient.SqlClient
> = Inventory.layer.pipe(Layer.provideMerge(PolicyStore.layer))
