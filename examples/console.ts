/** Atlas' pages and API below a path of an Express application that has its own sign-in. */
import { Console } from "@atlas/console"
import { directory } from "@atlas/console/directory"
import { toNodeHandler } from "@atlas/console/node"
import { graph } from "@atlas/console/graph"
import { Directory, type DirectoryGroups, type DirectoryRoleDefinitions } from "@atlas/directory"
import * as DirectoryMigrations from "@atlas/directory/migrations"
import { CredentialVault, ProviderConnections } from "@atlas/graph"
import * as GraphMigrations from "@atlas/graph/migrations"
import { type Access, Operations, StartGate } from "@atlas/operations"
import * as Pg from "@atlas/operations/pg"
import { Effect, Layer, ManagedRuntime, type Redacted, Scope } from "effect"
import type { Express } from "express"

/** The ledger and the packages whose parts are mounted. */
type Services = Console.LedgerServices | ProviderConnections | DirectoryGroups | DirectoryRoleDefinitions

// #region services
/** The ledger and the packages whose parts are mounted, on a database with the tables of each. */
export const servicesOf = (url: Redacted.Redacted, secret: Redacted.Redacted, access: Layer.Layer<Access>) =>
  Directory.layer.pipe(
    Layer.provideMerge(Operations.layer(...Directory.operations)),
    Layer.provide(StartGate.layer(ProviderConnections.gate)),
    Layer.provideMerge(ProviderConnections.layer),
    Layer.provide([access, CredentialVault.layer(secret)]),
    // The migrations of `@atlas/operations` come first by themselves, the others in the order of their dependencies.
    Layer.provide(Pg.layer({ url }, GraphMigrations.run, DirectoryMigrations.run)),
    Layer.orDie
  )
// #endregion

/** What the application knows of its people: whose a cookie is, and which tenants somebody may see. */
interface People {
  readonly personOf: (cookie: string | null) => Promise<{ readonly id: string; readonly name: string } | null>
  readonly tenantsOf: (id: string) => Promise<ReadonlyArray<{ id: string; name: string; workspace: string }>>
}

// #region mount
export const mountConsole = async (app: Express, origin: string, services: Layer.Layer<Services>, people: People) => {
  const runtime = ManagedRuntime.make(services)
  const make = Console.make({
    origin,
    basePath: "/ops/atlas",
    actorOf: async ({ headers }) => {
      const person = await people.personOf(headers.get("cookie"))
      return person === null ? null : { ...person, kind: "user" }
    },
    tenantsOf: ({ id }) => people.tenantsOf(id),
    signIn: (returnTo) => `/login?next=${encodeURIComponent(returnTo)}`,
    secret: process.env["CONSOLE_SECRET"] ?? "",
    parts: [directory, graph]
  })
  const console = await runtime.runPromise(Effect.provideService(make, Scope.Scope, runtime.scope))
  app.use("/ops/atlas", toNodeHandler(console))
  return runtime
}
// #endregion
