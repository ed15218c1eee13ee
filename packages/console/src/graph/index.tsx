/**
 * The part of a console for hosts whose runs use the provider connections of `@atlas/graph`: it shows which tenants have a
 * connection, and the report of a run that verified one. It needs `ProviderConnections`.
 *
 * @module
 */

import { ProviderConnections } from "@atlas/graph"
import { Effect } from "effect"
import { Badge } from "../shell/components/Badge.tsx"
import { makePart } from "../shell/Part.ts"
import { reportPanel } from "./ConnectionReport.tsx"

const Connected = ({ connected }: { readonly connected: boolean }) =>
  connected ? (
    <Badge tone="success" icon="check">
      Connected
    </Badge>
  ) : (
    <Badge tone="warning" icon="partial">
      No provider connection
    </Badge>
  )

/** The part `graph`, for `Console.make`. */
export const graph = makePart({
  contribution: Effect.map(ProviderConnections, (connections) => ({
    badgesOf: (tenants) =>
      Effect.map(
        Effect.orDie(connections.tenantsWithDefault(tenants.map(({ id }) => id))),
        (connected) => new Map(tenants.map(({ id }) => [id, <Connected connected={connected.has(id)} />]))
      ),
    reportOf: reportPanel
  }))
})
