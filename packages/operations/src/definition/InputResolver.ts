import { Context, Effect, Layer, Schema } from "effect"
import { type AnyOperationType, OperationCatalog } from "./OperationCatalog.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import type { OperationType } from "./OperationType.ts"

/**
 * Fills in what a start leaves to the host, such as a tenant's default connection: after the input is decoded, and before it
 * is identified, asked of gates and stored. So a start that names the default and one that leaves it out are the same start.
 */
export interface InputResolver<R = never> {
  /** The operation type's name. */
  readonly type: string
  readonly resolve: (input: any, scope: OperationScope) => Effect.Effect<unknown, never, R>
}

/**
 * Defines how the input of a type that `resolves` is filled in.
 *
 * @param type whose input it is
 * @param resolve answers from the database only; what it cannot fill in, it leaves as it is
 */
export const make = <Input, Encoded, R>(
  type: OperationType<Input, Encoded>,
  resolve: (input: Input, scope: OperationScope) => Effect.Effect<Input, never, R>
): InputResolver<R> => ({ type: type.name, resolve })

/** A type's input is to be resolved, and the host did not register how. */
export class UnregisteredInputResolver extends Schema.TaggedError<UnregisteredInputResolver>()(
  "UnregisteredInputResolver",
  { type: Schema.String }
) {
  override get message(): string {
    return `The input of the operation type "${this.type}" has to be resolved: provide its resolver with InputResolver.layer.`
  }
}

/** The resolvers of this host; none by default. */
const RegisteredResolvers = Context.Reference<ReadonlyMap<string, InputResolver>>(
  "@atlas/operations/InputResolver/RegisteredResolvers",
  { defaultValue: () => new Map() }
)

type Requirements<Resolver> = Resolver extends InputResolver<infer R> ? R : never

/**
 * The resolvers of this host's operation types, provided to `Operations.layer`.
 *
 * @param resolvers one for each type that `resolves`
 */
export const layer = <const All extends ReadonlyArray<InputResolver<any>>>(
  ...resolvers: All
): Layer.Layer<never, never, Requirements<All[number]>> =>
  Layer.effect(
    RegisteredResolvers,
    Effect.map(
      Effect.context<any>(),
      (context) =>
        new Map(
          resolvers.map(({ type, resolve }): [string, InputResolver] => [
            type,
            { type, resolve: (input, scope) => Effect.provideContext(resolve(input, scope), context) }
          ])
        )
    )
  )

/** Resolves the inputs of starts. */
export class InputResolvers extends Context.Service<
  InputResolvers,
  {
    /** The input as the run has it. */
    resolve(type: AnyOperationType, input: unknown, scope: OperationScope): Effect.Effect<unknown>
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
