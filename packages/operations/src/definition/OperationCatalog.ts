import { Context, Effect, Layer, Option, Schema } from "effect"
import type { OperationType } from "./OperationType.ts"

/** Two operation types share one name. */
export class DuplicateOperationType extends Schema.TaggedError<DuplicateOperationType>()("DuplicateOperationType", {
  name: Schema.String
}) {
  override get message(): string {
    return `The operation type "${this.name}" is registered twice: names must be unique.`
  }
}

/** A handler's operation type is not the one in the catalog, or there is none. */
export class UnregisteredOperationType extends Schema.TaggedError<UnregisteredOperationType>()(
  "UnregisteredOperationType",
  { name: Schema.String }
) {
  override get message(): string {
    return `There is a handler for "${this.name}", but the catalog does not have that operation type.`
  }
}

/** Any operation type, whatever its input. */
export type AnyOperationType = OperationType<any, any>

/** The operation types that a host knows. */
export class OperationCatalog extends Context.Service<
  OperationCatalog,
  {
    /** All types, in the order of their registration. */
    readonly types: ReadonlyArray<AnyOperationType>
    find(name: string): Option.Option<AnyOperationType>
  }
>()("@atlas/operations/OperationCatalog") {
  /**
   * The catalog of the given types.
   *
   * @param types every type of every package that the host uses
   */
  static readonly layer = (
    ...types: ReadonlyArray<AnyOperationType>
  ): Layer.Layer<OperationCatalog, DuplicateOperationType> =>
    Layer.effect(
      OperationCatalog,
      Effect.gen(function* () {
        const byName = new Map<string, AnyOperationType>()
        for (const type of types) {
          if (byName.has(type.name)) return yield* new DuplicateOperationType({ name: type.name })
          byName.set(type.name, type)
        }
        return OperationCatalog.of({ types, find: (name) => Option.fromUndefinedOr(byName.get(name)) })
      })
    )
}
