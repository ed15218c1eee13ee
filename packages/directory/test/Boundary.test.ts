import { AuditLog, Problems } from "@atlas/operations"
import { assertRefusesHostileCalls, servicesOf } from "@atlas/test"
import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  DirectoryGroups,
  DirectoryRoleDefinitions,
  GroupLabels,
  RoleDefinitionLabels,
  GroupsSync,
  RoleDefinitionsSync
} from "../src/index.ts"
import * as index from "../src/index.ts"
import { actor, directory, powerless, scopeOf, sync } from "./Fixture.ts"

const tenant = "guarded"
const ada = actor(tenant)
const search = (filter: string) => [ada, tenant, { query: "a", filters: [filter], cursor: null, limit: 5 }]
const readers = [
  { name: "groups", reader: DirectoryGroups, filter: "security", type: GroupsSync.operation.name },
  {
    name: "role definitions",
    reader: DirectoryRoleDefinitions,
    filter: "built_in",
    type: RoleDefinitionsSync.operation.name
  }
] as const

/** Calls of every function, as a member makes them. */
const calls = (filter: string) => ({
  search: search(filter),
  labels: [ada, tenant, ["1"]],
  get: [ada, tenant, "1"],
  freshness: [ada, tenant]
})

const recorded = SqlClient.SqlClient.use((sql) => sql`SELECT count(*) FROM operation_runs`)

it("Every service of the index is tried", () =>
  assert.sameMembers(
    [...servicesOf(index)],
    ["DirectoryGroups", "DirectoryRoleDefinitions", "GroupLabels", "RoleDefinitionLabels"]
  ))

layer(directory({ tenantId: tenant, groups: 20 }), { excludeTestServices: true })(
  "the readers of the directory",
  (it) => {
    for (const { filter, name, reader } of readers) {
      it.effect(`answer or refuse every call for ${name} with a type`, () =>
        Effect.gen(function* () {
          yield* sync(tenant)
          yield* assertRefusesHostileCalls(
            yield* reader as Effect.Effect<object, never, DirectoryGroups>,
            calls(filter),
            {
              recorded
            }
          )
        })
      )
    }

    it.effect("answer or refuse every call for labels with a type", () =>
      Effect.gen(function* () {
        yield* sync(tenant)
        const scope = scopeOf(tenant)
        const calls = { of: [scope, ["1"]], named: [scope, ["Sales"]], isComplete: [scope] }
        yield* assertRefusesHostileCalls(yield* GroupLabels, calls, { recorded })
        yield* assertRefusesHostileCalls(yield* RoleDefinitionLabels, calls, { recorded })
      })
    )

    it.effect("put each refusal of a member on record, and tell outsiders nothing", () =>
      Effect.gen(function* () {
        const audit = yield* AuditLog
        for (const { filter, reader, type } of readers) {
          const service = (yield* reader as Effect.Effect<object, never, DirectoryGroups>) as Record<
            string,
            (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, Problems.Refusal>
          >
          assert.sameMembers(Object.keys(calls(filter)), Object.keys(service))
          for (const [method, [, ...rest]] of Object.entries(calls(filter))) {
            const member = { ...powerless, name: `${type} ${method}` }
            const refused = yield* Effect.flip(service[method]!(member, ...rest))
            assert.strictEqual(refused._tag === "Forbidden" && refused.requiredCapability, "tenant.directory.view")
            assert.strictEqual((yield* Effect.flip(service[method]!(actor("elsewhere"), ...rest)))._tag, "NotFound")
          }
          const records = yield* audit.list(scopeOf(tenant).workspaceId, { before: null, limit: 100 })
          // One a minute for the same person, place and capability.
          assert.isAtLeast(records.filter((record) => record.action === "forbidden" && record.type === type).length, 1)
          assert.isTrue(records.every((record) => record.actor.id !== "elsewhere"))
        }
      })
    )
  }
)
