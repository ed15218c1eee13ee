/**
 * The declaration of the HTTP API of policies: inventory, schedules, backups, restores and comparisons. `IntuneHttp.layer`
 * serves it; typed clients and the OpenAPI document follow from it.
 *
 * @module
 */

import { HttpProblems, OperationsApi } from "@atlas/operations"
import { HttpApi, HttpApiGroup, OpenApi } from "effect/http-api"
import { backupCalls } from "./backupCalls.ts"
import { driftCalls } from "./driftCalls.ts"
import { inventoryCalls } from "./inventoryCalls.ts"
import { restoreCalls } from "./restoreCalls.ts"
import { scheduleCalls } from "./scheduleCalls.ts"

/** The calls of the API. */
export class IntuneApiGroup extends HttpApiGroup.make("intune")
  .add(...inventoryCalls)
  .add(...scheduleCalls)
  .add(...backupCalls)
  .add(...restoreCalls)
  .add(...driftCalls)
  .middleware(HttpProblems.Middleware)
  .middleware(OperationsApi.Authentication)
  .annotateMerge(
    OpenApi.annotations({
      title: "Intune",
      description: "What is configured in a tenant: inventory, backups, restores and comparisons of policies."
    })
  ) {}

/** The HTTP API of policies, below `/api/v1`. */
export class IntuneApi extends HttpApi.make("atlas-intune")
  .add(IntuneApiGroup)
  .annotateMerge(HttpProblems.annotations)
  .prefix("/api/v1") {}
