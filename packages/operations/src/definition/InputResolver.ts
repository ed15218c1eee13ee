/**
 * Fills in what a start leaves to the host, such as a tenant's default connection: after the input is decoded, and before it is
 * identified, passed to gates and stored. A start that names the default and one that leaves it out are then the same start.
 * Hosts provide the resolvers to `Operations.layer`.
 *
 * @module
 */
import { Effect, Layer } from "effect"
import { RegisteredResolvers } from "./InputResolvers.ts"
import type * as Operation from "./Operation.ts"
import type { OperationScope } from "../run/OperationScope.ts"

export { UnregisteredInputResolver } from "./InputResolvers.ts"

/** How the input of one operation is filled in. */
export interface InputResolver<R = never> {
  /** The operation's name. */
  readonly type: string
  readonly resolve: (input: any, scope: OperationScope) => Effect.Effect<unknown, never, R>
}

/**
 * Defines how the input of an operation with `resolves: true` is filled in.
 *
 * @param resolve answers from the database only, and leaves as it is what it cannot fill in
 *
 * @example
 * ```ts
 * const defaultDays = InputResolver.make(ArchiveAll, (input) => Effect.succeed({ days: 365, ...input }))
 * const api = Operations.layer(ArchiveAll).pipe(
 *   Layer.provide(InputResolver.layer(defaultDays)),
 *   Layer.provideMerge(Layer.merge(authentication, publicUrl)),
 *   Layer.provide(Layer.mergeAll(access, Pg.listener)),
 *   Layer.provideMerge(TestDatabase.layer)
 * )
 * ```
 */
export const make = <Input, Encoded, R>(
  type: Operation.Operation<Input, Encoded>,
  resolve: (input: Input, scope: OperationScope) => Effect.Effect<Input, never, R>
): InputResolver<R> => ({ type: type.name, resolve })

type Requirements<Resolver> = Resolver extends InputResolver<infer R> ? R : never

/**
 * The resolvers of this host's operations, to be provided to `Operations.layer`: one for each operation with `resolves: true`.
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
