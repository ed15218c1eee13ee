import { Effect, Option } from "effect"
import { Access } from "./Access.ts"
import type { Actor } from "./Actor.ts"
import type { Capability } from "./Capability.ts"
import type { TenantScope } from "./OperationScope.ts"
import * as Problems from "./Problems.ts"
import { requireCapability } from "./RunStart.ts"
import { isStorable } from "./StorableText.ts"

/** What a service asks before it answers about a tenant. */
export type Authorize = (
  actor: Actor,
  tenantId: string,
  capability: Capability
) => Effect.Effect<TenantScope, Problems.NotFound | Problems.Forbidden>

/**
 * Makes the check of services that read or change records of a tenant: outsiders get `NotFound`, exactly as for a tenant that
 * does not exist; members without the capability get `Forbidden`, naming it.
 */
export const makeAuthorize: Effect.Effect<Authorize, never, Access> = Effect.map(Access, (access) =>
  Effect.fnUntraced(function* (actor, tenantId, capability) {
    // A text that cannot be stored names nothing that exists.
    const found = isStorable(tenantId) ? yield* access.tenant(actor, tenantId) : Option.none()
    const grant = Option.getOrUndefined(found)
    if (!grant) return yield* new Problems.NotFound({})
    yield* requireCapability(grant, capability)
    return grant.scope
  })
)
