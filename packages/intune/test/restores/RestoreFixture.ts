import { withRun } from "@atlas/operations/testing"
import { FakeGraph, fakeGroup, type FakeItem, Fault } from "@atlas/fake-graph"
import { type Run, Runs } from "@atlas/operations"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { GivenValue } from "../../src/restores/GivenValues.ts"
import { policyTypes, Restores } from "../../src/index.ts"
import { ada, backedUp, ended, intune, pilotGroup } from "../Fixture.ts"

/** A policy with a secret, which is assigned to all devices. */
export const wifi = {
  id: "wifi",
  "@odata.type": "#microsoft.graph.windowsWifiConfiguration",
  displayName: "Office Wi-Fi",
  preSharedKey: "correct horse battery staple",
  description: "Ground floor",
  assignments: [{ id: "1", target: { "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget" } }]
}

/** What a restore calls a device configuration. */
export const configuration = (id: string) => ({ source: "device_configurations", id })

/** The collection of the fake Graph that they are in. */
const configurations = "deviceManagement/deviceConfigurations"

/** A group of a fake tenant, which the directory cache knows, too. */
export const pilot = fakeGroup({ id: pilotGroup, displayName: "Pilot" })

const empty = Object.fromEntries(policyTypes.map(({ source }) => [source.path, []]))

/** Tenants whose only policy is `wifi`. */
export const tenantsOf = (...names: ReadonlyArray<string>) =>
  intune(names.map((tenantId) => ({ tenantId, groups: [pilot], collections: { ...empty, [configurations]: [wifi] } })))

/** A backup of a tenant. Tests that leave the tenant as it is share one. */
export const backupOf = Effect.fnUntraced(function* (tenant: string) {
  const sql = yield* SqlClient.SqlClient
  const [made] = yield* sql<{ id: string }>`
    SELECT id::text FROM backup_sets WHERE tenant_id = ${tenant} AND state = 'complete' LIMIT 1`
  return made === undefined ? (yield* backedUp(tenant)).id : made.id
})

/** The device configurations that a tenant has now. */
export const configurationsIn = (tenant: string) => FakeGraph.use((graph) => graph.items(tenant, configurations))

/** Adds a device configuration to a tenant, or changes the one with its id. */
export const put = (tenant: string, item: FakeItem) =>
  FakeGraph.use((graph) => graph.putItem(tenant, configurations, item))

/** Somebody deletes a device configuration of a tenant. */
export const remove = (tenant: string, id: string) =>
  FakeGraph.use((graph) => graph.removeItem(tenant, configurations, id))

/** Requests of a tenant get no answer any more, so that a run that makes one does not end by itself. */
export const hang = (tenant: string, method: "GET" | "POST") =>
  FakeGraph.use((graph) => graph.inject({ fault: Fault.noAnswer, method, tenant, times: 100 }))

/** Graph makes the next device configuration of a tenant, and its answer is lost. */
export const loseAnswer = (tenant: string) =>
  FakeGraph.use((graph) =>
    graph.inject({ fault: Fault.writeThenReset, path: `/beta/${configurations}`, method: "POST", tenant })
  )

/** Every fault is over. */
export const recover = FakeGraph.use((graph) => graph.clearFaults)

/** A request to restore `wifi` without its assignments, with what a test wants otherwise. */
export const requestOf = (
  backup: string,
  more: {
    readonly items?: ReadonlyArray<ReturnType<typeof configuration>> | null
    readonly withAssignments?: boolean
    readonly values?: ReadonlyArray<typeof GivenValue.Type>
  } = {}
) => ({ backup, items: [configuration("wifi")], withAssignments: false, ...more })

let keys = 0

/** A restore that is planned. */
export const planned = Effect.fnUntraced(function* (
  tenant: string,
  backup: string,
  more: Parameters<typeof requestOf>[1] = {}
) {
  const restores = yield* Restores
  const { restore, runId } = yield* restores.plan(ada, tenant, requestOf(backup, more), `plan ${keys++}`)
  const run = yield* ended({ id: runId })
  assert.strictEqual(run.outcome, "succeeded", JSON.stringify(run.failureSummary))
  return restore.id
})

/** Confirms a restore: the run that executes it, which is not awaited. */
export const confirmed = (tenant: string, restore: string, idempotencyKey = "confirm") =>
  Effect.map(
    Restores.use((all) => all.confirm(ada, tenant, restore, { tenantName: tenant, idempotencyKey })),
    withRun
  )

/** Confirms a restore, and awaits the run that executes it. */
export const executed = (tenant: string, restore: string) =>
  Effect.flatMap(confirmed(tenant, restore, restore), ({ run }) => ended(run))

/** Cancels a run, and awaits its end. */
export const cancelled = Effect.fnUntraced(function* ({ id }: Pick<Run, "id">) {
  yield* Runs.use((runs) => runs.cancel(ada, id))
  assert.strictEqual((yield* ended({ id })).outcome, "cancelled")
})

/** A restore as it is now. */
export const get = (tenant: string, restore: string) => Restores.use((all) => all.get(ada, tenant, restore))

/** The state that a restore is in now. */
export const stateOf = (tenant: string, restore: string) => Effect.map(get(tenant, restore), ({ state }) => state)

/** What a restore makes of each policy. */
export const itemsOf = (tenant: string, restore: string) =>
  Restores.use((all) => all.items(ada, tenant, restore, { after: null, limit: 500 }))

/** How many restores a tenant has, and how many runs of them. */
export const counts = (tenant: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<{ restores: number; runs: number }>`
      SELECT (SELECT count(*)::int FROM restores WHERE tenant_id = ${tenant}) AS restores,
        (SELECT count(*)::int FROM operation_runs WHERE tenant_id = ${tenant} AND type LIKE 'restore.%') AS runs`
  ).pipe(Effect.map(([row]) => row))

/** The name of the problem that something is refused with. */
export const refusalOf = <A, R>(effect: Effect.Effect<A, { readonly _tag: string }, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

/** The statements that the process may die at. */
export const deaths = ["a run is recorded", "the restore is changed"] as const

/** Fails work at a statement: as if the process had died there. */
export const dyingBefore = <A, E, R>(death: (typeof deaths)[number], work: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) => {
    const event = death === "a run is recorded" ? sql`INSERT ON operation_runs` : sql`UPDATE ON restores`
    const table = death === "a run is recorded" ? sql`operation_runs` : sql`restores`
    return Effect.acquireUseRelease(
      Effect.andThen(
        sql`CREATE OR REPLACE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'died'; END $$`,
        sql`CREATE TRIGGER dies BEFORE ${event} FOR EACH ROW EXECUTE FUNCTION dies()`
      ),
      () => Effect.exit(work),
      () => Effect.orDie(sql`DROP TRIGGER dies ON ${table}`)
    )
  })
