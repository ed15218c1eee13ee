import { DirectoryApi, DirectoryHttp } from "@atlas/directory"
import { Effect } from "effect"
import { makePart } from "../shell/Part.ts"
import { makeConfigurationRoutes } from "./ConfigurationRoutes.ts"

/** The part of a console for hosts with the directory cache: choosing groups and role definitions, and the cache's calls. */
export const directory = makePart({
  pages: makeConfigurationRoutes,
  contribution: Effect.succeed({ tenantPages: [{ path: "configuration", label: "Configuration" }] }),
  api: { declaration: DirectoryApi, routes: DirectoryHttp.layer }
})
