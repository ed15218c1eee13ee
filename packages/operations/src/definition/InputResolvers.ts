import { Context, Effect, Layer, Schema } from "effect"
import type { InputResolver } from "./InputResolver.ts"
import type * as Operation from "./Operation.ts"
import { OperationCatalog } from "./OperationCatalog.ts"
import type { OperationScope } from "../run/OperationScope.ts"

/** A type's input is to be resolved, and the host did not register how. */
export class UnregisteredInputResolver extends Schema.TaggedError<UnregisteredInputResolver>()(
  "UnregisteredInputResolver",
  { type: Schema.String }
) {
  override get message(): string {
    return `The input of the operation "${this.type}" has to be resolved: provide its resolver with InputResolver.layer.`
  }
}

/** The resolvers of this host; none by default. */
export const RegisteredResolvers = Context.Reference<ReadonlyMap<string, InputResolver>>(
  "@atlas/operations/InputResolver/RegisteredResolvers",
  { defaultValue: () => new Map() }
)

/** Resolves the inputs of starts. */
export class InputResolvers extends Context.Service<
  InputResolvers,
  {
    /** The input as the run has it. */
    resolve(type: Operation.Any, input: unknown, scope: OperationScope): Effect.Effect<unknown>
  }
>()("@atlas/operations/InputResolver/InputResolvers") {
  /** A type whose input stayed unresolved would be another start each time: better to say so at once. */
  static readonly layer: Layer.Layer<InputResolvers, UnregisteredInputResolver, OperationCatalog> = Layer.effect(
    InputResolvers,
    Effect.gen(function* () {
      const registered = yield* RegisteredResolvers
      const { types } = yield* OperationCatalog
      const missing = types.find(({ name, resolves }) => resolves && !registered.has(name))
      if (missing !== undefined) return yield* new UnregisteredInputResolver({ type: missing.name })
      return InputResolvers.of({
        resolve: ({ name, resolves }, input, scope) =>
          (resolves ? registered.get(name) : undefined)?.resolve(input, scope) ?? Effect.succeed(input)
      })
    })
  )
}
