/**
 * Start gates: preconditions for a run, such as a usable provider connection. An operation names its gates, and the host
 * registers them. A gate answers from the database only, before a run is recorded and again before each attempt.
 *
 * @module
 */
import { Effect, Layer, Schema } from "effect"
import type { Actor } from "../run/Actor.ts"
import { RegisteredGates } from "./Gatekeeper.ts"
import type { OperationScope } from "../run/OperationScope.ts"
import type { ReasonCode } from "../run/ReasonCode.ts"
import type { RunId } from "../run/Run.ts"

export { UnregisteredStartGate } from "./Gatekeeper.ts"
export { providerConnection } from "./providerConnection.ts"

/** What a gate is asked about: an authorised and valid start, or an attempt of its run. */
export interface GateRequest {
  /** The operation's name. */
  readonly type: string
  readonly scope: OperationScope
  readonly input: unknown
  /** Who starts or started the run. */
  readonly actor: Actor
}

/** A gate's answer. `Blocked`: a person must act first. `Busy`: another run holds what this one needs. */
export type GateAnswer =
  | { readonly _tag: "Open" }
  | { readonly _tag: "Blocked"; readonly reasonCode: ReasonCode; readonly message: string }
  | { readonly _tag: "Busy"; readonly holder: RunId }

/** The run may go ahead. */
export const open: GateAnswer = { _tag: "Open" }

/**
 * A person must act first. The start, or the attempt's run, is recorded as blocked.
 *
 * @param reasonCode why; people see its next step
 * @param message a sentence for people, without secrets
 */
export const blocked = (reasonCode: ReasonCode, message: string): GateAnswer => ({
  _tag: "Blocked",
  reasonCode,
  message
})

/**
 * Another run must end first. A start is refused as busy.
 *
 * @param holder the run that holds what this one needs
 */
export const busy = (holder: RunId): GateAnswer => ({ _tag: "Busy", holder })

/** A gate. Operations refer to it by its name. */
export interface StartGate<R = never> {
  readonly name: string
  readonly check: (request: GateRequest) => Effect.Effect<GateAnswer, never, R>
}

/**
 * Defines a gate.
 *
 * @param name unique among the host's gates
 * @param check answers from the database only
 *
 * @example
 * ```ts
 * export const archivingEnabled = StartGate.make("archiving_enabled", () =>
 *   Effect.gen(function* () {
 *     const { enabled } = yield* Mailboxes
 *     if (yield* enabled) return StartGate.open
 *     return StartGate.blocked("ext.mailboxes.archiving_disabled", "Enable archiving in the tenant's mail settings.")
 *   })
 * )
 * ```
 */
export const make = <R>(name: string, check: StartGate<R>["check"]): StartGate<R> => ({ name, check })

/** Two gates share a name. */
export class DuplicateStartGate extends Schema.TaggedError<DuplicateStartGate>()("DuplicateStartGate", {
  name: Schema.String
}) {
  override get message(): string {
    return `The start gate "${this.name}" is registered twice: give each gate a name of its own.`
  }
}

type Requirements<Gate> = Gate extends StartGate<infer R> ? R : never

/**
 * The gates that this host's operations name, to be provided to `Operations.layer`.
 *
 * @example
 * ```ts
 * const host = Worker.layer(archiveMailboxes).pipe(
 *   Layer.provideMerge(Operations.layer(ArchiveMailboxes)),
 *   Layer.provide(StartGate.layer(archivingEnabled)),
 *   Layer.provide(Layer.merge(mailboxes, access)),
 *   Layer.provideMerge(database)
 * )
 * ```
 */
export const layer = <const All extends ReadonlyArray<StartGate<any>>>(
  ...gates: All
): Layer.Layer<never, DuplicateStartGate, Requirements<All[number]>> =>
  Layer.effect(
    RegisteredGates,
    Effect.gen(function* () {
      const context = yield* Effect.context<any>()
      const byName = new Map<string, StartGate>()
      for (const { name, check } of gates) {
        if (byName.has(name)) return yield* new DuplicateStartGate({ name })
        byName.set(name, { name, check: (request) => Effect.provideContext(check(request), context) })
      }
      return byName
    })
  )
