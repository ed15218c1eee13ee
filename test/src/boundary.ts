import { assert } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Predicate, Result, Stream } from "effect"
import { hostileCalls } from "./hostile.ts"

const refusals = new Set([
  "NotFound",
  "Forbidden",
  "GraphError",
  "InvalidInput",
  "InvalidCursor",
  "IdempotencyKeyRequired",
  "IdempotencyKeyReused",
  "NotSupported",
  "OperationBusy",
  "RestoreConflict",
  "RunConflict",
  "ScheduleChanged"
])

const asEffect = (call: () => unknown): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const result = call()
    if (Stream.isStream(result)) return Stream.runHead(Stream.take(result as Stream.Stream<unknown, unknown>, 1))
    return Effect.isEffect(result) ? (result as Effect.Effect<unknown, unknown>) : Effect.succeed(result)
  })

/** A function may stand there several times: what follows a space is for people. */
const methodOf = (named: string) => named.split(" ")[0]!

/**
 * Asserts that every public function of a service answers hostile calls, or refuses them with a type and at most twenty problems, and
 * that nothing is recorded of what it refuses.
 *
 * @param service the service, whose functions must all be listed
 * @param calls a call of every function, with everything that may be given
 * @param options `internal`: functions that only other services call; `recorded`: counts what must not grow
 */
export const assertRefusesHostileCalls = Effect.fnUntraced(function* <E, R>(
  service: object,
  calls: Readonly<Record<string, ReadonlyArray<unknown>>>,
  options: { readonly internal?: ReadonlyArray<string>; readonly recorded: Effect.Effect<unknown, E, R> }
) {
  const functions = service as Readonly<Record<string, (...args: ReadonlyArray<unknown>) => unknown>>
  const listed = new Set(Object.keys(calls).map(methodOf))
  assert.sameMembers([...listed, ...(options.internal ?? [])], Object.keys(service))
  for (const [named, call] of Object.entries(calls)) {
    const invoke = functions[methodOf(named)]!
    const fair = yield* Effect.result(asEffect(() => invoke(...call)))
    if (Result.isFailure(fair)) assert.notPropertyVal(fair.failure, "_tag", "InvalidInput", `${named}, as it should be`)
    let before = yield* options.recorded
    for (const { args, what } of hostileCalls(call)) {
      const exit = yield* Effect.exit(asEffect(() => invoke(...args)))
      if (Exit.isSuccess(exit)) {
        before = yield* options.recorded
        continue
      }
      const error = Cause.squash(exit.cause)
      const said = `${named}, ${what}: ${Cause.pretty(exit.cause).slice(0, 500)}`
      assert.isTrue(exit.cause.reasons.every(Cause.isFailReason), said)
      assert.isTrue(Predicate.hasProperty(error, "_tag") && refusals.has(String(error._tag)), said)
      if (Predicate.hasProperty(error, "errors")) {
        assert.isAtMost((error.errors as ReadonlyArray<unknown>).length, 20, said)
        assert.isBelow(JSON.stringify(error.errors).length, 10_000, said)
      }
      assert.deepStrictEqual(yield* options.recorded, before, said)
    }
  }
})

const isModule = (value: unknown): value is object => Object.prototype.toString.call(value) === "[object Module]"

/**
 * The names of the services that a package's index exports, also in its namespaces: the boundary test of the package tries each of
 * them, or says why not. A reference is no service: hosts replace its value, and nobody calls it.
 *
 * @param index the module
 */
export const servicesOf = (index: object): ReadonlyArray<string> =>
  Object.entries(index).flatMap(([name, value]) => {
    if (isModule(value)) return servicesOf(value).map((inner) => `${name}.${inner}`)
    return Context.isKey(value) && !Context.isReference(value) ? [name] : []
  })
