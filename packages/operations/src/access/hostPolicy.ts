import { Effect, Schema } from "effect"
import { answerOf } from "../boundary/HostAnswers.ts"
import type { Actor } from "../run/Actor.ts"
import type { Capability } from "../run/Capability.ts"
import { TenantId, WorkspaceId } from "../run/OperationScope.ts"
import * as Storable from "../text/Storable.ts"
import { Access, type Grant } from "./Access.ts"

const Workspace = WorkspaceId.check(Storable.check)
const isNamed = (name: string): name is Capability => name.length > 0
const CapabilityName = Storable.Text.pipe(Schema.refine(isNamed, { expected: "the name of a capability" }))

const decodeWorkspace = answerOf(Schema.Option(Workspace))
const decodeGrants = answerOf(
  Schema.Array(
    Schema.Struct({
      workspaceId: Workspace,
      tenants: Schema.Union([Schema.Literal("all"), Schema.ReadonlySet(TenantId.check(Storable.check))]),
      capabilities: Schema.ReadonlySet(CapabilityName)
    })
  )
)

// Which of two grants counted would depend on their order.
const oneForEach = (grants: ReadonlyArray<Grant>): ReadonlyArray<Grant> => {
  const workspaces = new Set(grants.map(({ workspaceId }) => workspaceId))
  if (workspaces.size === grants.length) return grants
  throw new TypeError("Access.grants gave several grants for one workspace: give one, with all that it allows.")
}

/** The host's policy, whose answers are decoded. A wrong one is a defect that names what is wrong with it. */
export const hostPolicy = Effect.map(Access, (access): Access["Service"] => ({
  workspaceOf: (tenantId) =>
    Effect.map(access.workspaceOf(tenantId), (answer) => decodeWorkspace("What Access.workspaceOf answered", answer)),
  grants: (actor: Actor) =>
    Effect.map(access.grants(actor), (answer) => oneForEach(decodeGrants("What Access.grants answered", answer)))
}))
