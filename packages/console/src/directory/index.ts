/**
 * The part of a console for hosts with the directory cache: pages for choosing groups and role definitions and for refreshing
 * them, and the calls of the cache. It needs the services of `@atlas/directory`.
 *
 * @module
 */

import { DirectoryApi, DirectoryHttp, viewDirectory } from "@atlas/directory"
import { Effect } from "effect"
import { makePart } from "../shell/Part.ts"
import { makeConfigurationRoutes } from "./ConfigurationRoutes.ts"

/** The part `directory`, for `Console.make`. */
export const directory = makePart({
  pages: makeConfigurationRoutes,
  contribution: Effect.succeed({
    tenantPages: [{ path: "configuration", label: "Configuration", capability: viewDirectory }]
  }),
  api: { declaration: DirectoryApi, routes: DirectoryHttp.layer }
})
