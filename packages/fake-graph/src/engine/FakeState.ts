/**
 * What is in a fake's tenants, for tests to read and to change while a client works. A change is visible after the replication
 * lag. Naming an unknown tenant is a defect.
 *
 * @module
 */
import { Clock, Effect } from "effect"
import type { FakeItem } from "../tenant/FakeCollection.ts"
import type { FakeDirectory } from "../tenant/FakeDirectory.ts"
import type { FakeGroup } from "../tenant/FakeGroups.ts"
import type { FakeTenant } from "../tenant/FakeTenant.ts"
import { grantable } from "../metadata/Permissions.ts"
import type { FakeEngine } from "./FakeEngine.ts"

/** The groups, objects and permissions of a fake's tenants. */
export interface FakeState {
  /** The groups of an Entra tenant, in the order of listings. */
  groups(entraTenantId: string): Effect.Effect<ReadonlyArray<FakeGroup>>
  /** Adds a group, or replaces the one with its id. */
  putGroup(entraTenantId: string, group: FakeGroup): Effect.Effect<void>
  /** Renames a group. Returns whether it was there. */
  renameGroup(entraTenantId: string, id: string, displayName: string): Effect.Effect<boolean>
  /** Deletes a group for good, also from the bin. Returns whether it was there. */
  removeGroup(entraTenantId: string, id: string): Effect.Effect<boolean>
  /** Deletes a group so that it can be restored. Returns whether it was there. */
  softDeleteGroup(entraTenantId: string, id: string): Effect.Effect<boolean>
  /** Restores a deleted group. Returns whether it was in the bin. */
  restoreGroup(entraTenantId: string, id: string): Effect.Effect<boolean>
  /** The objects of another collection, by its path, such as `deviceManagement/deviceConfigurations`. */
  items(entraTenantId: string, collection: string): Effect.Effect<ReadonlyArray<FakeItem>>
  /** Adds an object, or replaces the one with its id. */
  putItem(entraTenantId: string, collection: string, item: FakeItem): Effect.Effect<void>
  /** Removes an object. Returns whether it was there. */
  removeItem(entraTenantId: string, collection: string, id: string): Effect.Effect<boolean>
  /** Leaves an object out of v1.0, as Graph silently does with policies that use preview features. */
  hideFromV1(entraTenantId: string, collection: string, id: string): Effect.Effect<void>
  /** Grants a permission; an unknown one is a defect. New tokens carry it after the replication lag. */
  grantPermission(entraTenantId: string, name: string): Effect.Effect<void>
  /** Revokes a permission. */
  revokePermission(entraTenantId: string, name: string): Effect.Effect<void>
}

const tenantIn = (engine: FakeEngine, entraTenantId: string) =>
  Effect.fromNullishOr(engine.tenant(entraTenantId)).pipe(Effect.orDie)

const changerOf =
  (engine: FakeEngine) =>
  <A>(entraTenantId: string, work: (tenant: FakeTenant) => readonly [A, () => void]) =>
    Effect.gen(function* () {
      const [result, apply] = work(yield* tenantIn(engine, entraTenantId))
      engine.change(apply, yield* Clock.currentTimeMillis)
      return result
    })

type Groups = "groups" | "putGroup" | "renameGroup" | "removeGroup" | "softDeleteGroup" | "restoreGroup"

const groupsOf = (engine: FakeEngine): Pick<FakeState, Groups> => {
  const change = changerOf(engine)
  const changeGroup = (tenant: string, id: string, apply: (found: FakeDirectory, group: FakeGroup) => void) =>
    change(tenant, ({ directory }) => {
      const group = directory.get(id)
      return [group !== undefined, () => (group === undefined ? undefined : apply(directory, group))]
    })
  return {
    groups: (tenant) => Effect.map(tenantIn(engine, tenant), ({ directory }) => directory.all()),
    putGroup: (tenant, group) => change(tenant, ({ directory }) => [undefined, () => directory.put(group)]),
    renameGroup: (tenant, id, displayName) =>
      changeGroup(tenant, id, (directory, group) => directory.put({ ...group, displayName })),
    removeGroup: (tenant, id) =>
      change(tenant, ({ directory }) => [
        directory.get(id) !== undefined || directory.binned.includes(id),
        () => directory.remove(id)
      ]),
    softDeleteGroup: (tenant, id) => changeGroup(tenant, id, (directory) => directory.softDelete(id)),
    restoreGroup: (tenant, id) =>
      change(tenant, ({ directory }) => [directory.binned.includes(id), () => directory.restore(id)])
  }
}

/** The state of an engine's tenants. */
export const of = (engine: FakeEngine): FakeState => {
  const change = changerOf(engine)
  return {
    ...groupsOf(engine),
    items: (tenant, collection) => Effect.map(tenantIn(engine, tenant), (found) => found.collection(collection).all()),
    putItem: (tenant, collection, item) =>
      change(tenant, (found) => [undefined, () => found.collection(collection).put(item)]),
    removeItem: (tenant, collection, id) =>
      change(tenant, (found) => {
        const items = found.collection(collection)
        return [items.get(id) !== undefined, () => items.remove(id)]
      }),
    hideFromV1: (tenant, collection, id) =>
      change(tenant, (found) => [undefined, () => found.collection(collection).hideFromV1(id)]),
    grantPermission: (tenant, name) =>
      change(tenant, ({ grants, permissions }) => {
        grantable([name])
        return [void grants.add(name), () => permissions.add(name)]
      }),
    revokePermission: (tenant, name) =>
      change(tenant, ({ grants, permissions }) => [void grants.delete(name), () => permissions.delete(name)])
  }
}
