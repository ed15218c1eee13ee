import { createHmac, timingSafeEqual } from "node:crypto"
import type { Actor } from "@atlas/operations"
import { Clock, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Host } from "./Host.ts"

const lifetimeMillis = 60 * 60 * 1_000

const Sealed = Schema.fromJsonString(
  Schema.Struct({ purpose: Schema.String, actor: Schema.String, expires: Schema.Finite, confirmed: Schema.Unknown })
)

/**
 * Seals what a page asks a person to confirm. The form carries the seal and nobody can change it, so the form does exactly what
 * was shown. A seal holds for an hour, for the person who saw the page, and for one purpose.
 */
export class Confirmations extends Context.Service<
  Confirmations,
  {
    /**
     * The text for a form to carry.
     *
     * @param purpose what the confirmation is for
     * @param confirmed what was shown, as JSON; anyone who has the form can read it
     */
    seal(purpose: string, actor: Actor, confirmed: unknown): Effect.Effect<string>
    /** What was sealed; none for another text, person or purpose, and after an hour. */
    open(purpose: string, actor: Actor, text: string): Effect.Effect<Option.Option<unknown>>
  }
>()("@atlas/console/Confirmations") {
  static readonly layer: Layer.Layer<Confirmations, never, Host> = Layer.effect(
    Confirmations,
    Effect.gen(function* () {
      // A key of its own, so that nothing else that the secret signs can be taken for a confirmation.
      const key = createHmac("sha256", Redacted.value((yield* Host).secret))
        .update("confirmations")
        .digest()
      const signed = (payload: string) => `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`

      const seal = Effect.fn("Confirmations.seal")(function* (purpose: string, actor: Actor, confirmed: unknown) {
        const expires = (yield* Clock.currentTimeMillis) + lifetimeMillis
        const json = Schema.encodeSync(Sealed)({ purpose, actor: actor.id, expires, confirmed })
        return signed(Buffer.from(json).toString("base64url"))
      })

      const open = Effect.fn("Confirmations.open")(function* (purpose: string, actor: Actor, text: string) {
        const [payload = ""] = text.split(".", 1)
        const [given, expected] = [Buffer.from(text), Buffer.from(signed(payload))]
        if (given.length !== expected.length || !timingSafeEqual(given, expected)) return Option.none()
        const now = yield* Clock.currentTimeMillis
        return Schema.decodeOption(Sealed)(Buffer.from(payload, "base64url").toString()).pipe(
          Option.filter((sealed) => sealed.purpose === purpose && sealed.actor === actor.id && sealed.expires > now),
          Option.map(({ confirmed }) => confirmed)
        )
      })

      return Confirmations.of({ seal, open })
    })
  )
}
