import { Context } from "effect"

/**
 * The largest share of a cached collection, from 0 to 1, that one sync removes without a person's confirmation: one that
 * suddenly looks empty is more often a mistake than a wish. Hosts override it.
 */
export const RemovalGuard = Context.Reference<number>("@atlas/operations/RemovalGuard", { defaultValue: () => 0.25 })
