import { Effect, Layer } from "effect"
import { RegisteredResolvers } from "./InputResolvers.ts"
import type * as Operation from "./Operation.ts"
import type { OperationScope } from "../run/OperationScope.ts"

export { UnregisteredInputResolver } from "./InputResolvers.ts"

/**
 * Fills in what a start leaves to the host, such as a tenant's default connection: after the input is decoded, and before it
 * is identified, asked of gates and stored. So a start that names the default and one that leaves it out are the same start.
 */
export interface InputResolver<R = never> {
  /** The operation's name. */
  readonly type: string
  readonly resolve: (input: any, scope: OperationScope) => Effect.Effect<unknown, never, R>
}

/**
 * Defines how the input of an operation that `resolves` is filled in.
 *
 * @param type whose input it is
 * @param resolve answers from the database only; what it cannot fill in, it leaves as it is
 */
export const make = <Input, Encoded, R>(
  type: Operation.Operation<Input, Encoded>,
  resolve: (input: Input, scope: OperationScope) => Effect.Effect<Input, never, R>
): InputResolver<R> => ({ type: type.name, resolve })

type Requirements<Resolver> = Resolver extends InputResolver<infer R> ? R : never

/**
 * The resolvers of this host's operations, provided to `Operations.layer`.
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
