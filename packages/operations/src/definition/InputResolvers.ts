/**
 * The registered input resolvers, and the service through which starts use them.
 *
 * @module
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { InputResolver } from "./InputResolver.ts"
import type * as Operation from "./Operation.ts"
import { OperationCatalog } from "./OperationCatalog.ts"
import type { OperationScope } from "../run/OperationScope.ts"

/** The host registered no resolver for an operation with `resolves: true`. */
export class UnregisteredInputResolver extends Schema.TaggedError<UnregisteredInputResolver>()(
  "UnregisteredInputResolver",
  { type: Schema.String }
) {
  override get message(): string {
    return `The operation "${this.type}" has no input resolver: provide one with InputResolver.layer.`
  }
}

/** The resolvers of this host; none by default. */
export const RegisteredResolvers = Context.Reference<ReadonlyMap<string, InputResolver>>(
  "@atlas/operations/InputResolver/RegisteredResolvers",
  { defaultValue: () => new Map() }
)

/** Fills in the inputs of starts. */
export class InputResolvers extends Context.Service<
  InputResolvers,
  {
    /** The input with what the host fills in; as given for operations without `resolves`. */
    resolve(type: Operation.Any, input: unknown, scope: OperationScope): Effect.Effect<unknown>
  }
>()("@atlas/operations/InputResolver/InputResolvers") {
  /** Fails at startup if a resolver is missing, because an unresolved input would make the same start another one. */
  static readonly layer: Layer.Layer<InputResolvers, UnregisteredInputResolver, OperationCatalog> = Layer.effect(
    InputResolvers,
    Effect.gen(function* () {
      const registered = yield* RegisteredResolvers
      const { operations } = yield* OperationCatalog
      const missing = operations.find(({ name, resolves }) => resolves && !registered.has(name))
      if (missing !== undefined) return yield* new UnregisteredInputResolver({ type: missing.name })
      return InputResolvers.of({
        resolve: ({ name, resolves }, input, scope) =>
          (resolves ? registered.get(name) : undefined)?.resolve(input, scope) ?? Effect.succeed(input)
      })
    })
  )
}
