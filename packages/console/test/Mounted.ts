import { Directory } from "@atlas/directory"
import { Intune, manageBackups, PolicySecrets, TenantNames } from "@atlas/intune"
import { LegacyRuns } from "@atlas/legacy"
import { type Actor, type Capability, Operations, Operation, StartGate } from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { TestOperations } from "@atlas/operations/testing"
import { TestDatabase } from "@atlas/test"
import { Effect, Layer, Logger, Redacted } from "effect"
import type { HostOptions, Tenant } from "../src/index.ts"

/** An operation that nobody executes here: its runs wait, and can be watched and cancelled. */
export const work = Operation.make({
  name: "test.work",
  label: "Work",
  description: "Does what the test says.",
  category: "Test",
  input: Operation.NoInput,
  capabilities: { start: "tenant.work.run", view: "tenant.work.view" },
  identity: { rule: "once", by: "idempotency_key" }
})

const types = [work, ...Directory.operations, ...Intune.operations]

const everything: ReadonlyArray<Capability> = [
  manageBackups,
  ...types.flatMap(({ capabilities: { start, view } }) => [start, view])
]

const tenants: ReadonlyArray<Tenant> = [{ id: "contoso", name: "Contoso", workspace: "Northwind" }]

/** May do everything in Contoso. Everybody else is a member of nothing. */
const ada = "ada"

const access = TestOperations.accessOf(
  { northwind: ["contoso"] },
  { [ada]: { workspace: "northwind", tenants: ["contoso"], capabilities: everything } }
)

const unused = () => Effect.die(new Error("No policy here has a secret."))
const secrets = Layer.succeed(PolicySecrets, PolicySecrets.of({ keyId: "k", seal: unused, open: unused }))
const names = Layer.succeed(TenantNames, TenantNames.of({ nameOf: () => Effect.succeed("Contoso") }))

const connected = StartGate.make(StartGate.providerConnection, () => Effect.succeed(StartGate.open))

/** What a host has: the ledger, and the packages whose parts it mounts. */
export const services = Layer.mergeAll(Directory.layer, Intune.layer, LegacyRuns.layer).pipe(
  Layer.provide([secrets, names]),
  Layer.provideMerge(Operations.layer(...types)),
  Layer.provide(StartGate.layer(connected, ...Intune.gates)),
  Layer.provide([access, Pg.listener]),
  Layer.provideMerge(TestDatabase.layer),
  Layer.provideMerge(Logger.layer([]))
)

/** The person of a cookie, as a host's own sessions would tell it. */
const personOf = (cookie: string | null | undefined): Actor | null => {
  const [, id] = /(?:^|; )user=(\w+)/.exec(cookie ?? "") ?? []
  return id === undefined ? null : { id, kind: "user", name: id }
}

/** How the hosts of the tests mount it: with a sign-in of their own, and functions that know nothing of Effect. */
export const hostOptions = (origin: string, basePath: string) =>
  ({
    origin,
    basePath,
    actorOf: async (request) => personOf(request.headers.get("cookie")),
    tenantsOf: async ({ id }) => (id === ada ? tenants : []),
    secret: Redacted.make("a secret of the tests' own host, long enough"),
    signIn: (returnTo) => `/login?next=${encodeURIComponent(returnTo)}`,
    signOut: "/logout"
  }) satisfies HostOptions
