/** Atlas' pages and API below a path of an Express application that has its own sign-in. */
import { Console } from "@atlas/console"
import { directory } from "@atlas/console/directory"
import { toNodeHandler } from "@atlas/console/node"
import type { DirectoryGroups, DirectoryRoleDefinitions } from "@atlas/directory"
import { Effect, type Layer, ManagedRuntime, Scope } from "effect"
import type { Express } from "express"

/** The ledger and the packages whose parts are mounted: `Operations.layer(…)`, `Directory.layer`. */
type Services = Console.LedgerServices | DirectoryGroups | DirectoryRoleDefinitions

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
    parts: [directory]
  })
  const console = await runtime.runPromise(Effect.provideService(make, Scope.Scope, runtime.scope))
  app.use("/ops/atlas", toNodeHandler(console))
  return runtime
}
// #endregion
