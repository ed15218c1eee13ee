import { Clock, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { parseSigned, serialize, serializeSigned } from "hono/utils/cookie"
import type { SignInAttempt } from "./EntraId.ts"
import { ServerSecret } from "./ServerSecret.ts"
import { Settings } from "./Settings.ts"

const name = "atlas_sign_in"
const lifetimeSeconds = 10 * 60

const Kept = Schema.fromJsonString(
  Schema.Struct({
    attempt: Schema.Struct({ state: Schema.String, nonce: Schema.String, verifier: Schema.String }),
    returnTo: Schema.String,
    expires: Schema.Finite
  })
)

/** Sign-ins that have begun, each in a signed cookie of its browser: the provider's answer counts only there. */
export class SignInAttempts extends Context.Service<
  SignInAttempts,
  {
    /** The `Set-Cookie` value that keeps an attempt for ten minutes. */
    keep(attempt: SignInAttempt, returnTo: string): Effect.Effect<string>
    /** The `Set-Cookie` value that forgets it: each attempt is answered once. */
    readonly forget: string
    /** The attempt in a `Cookie` header, and the path to go on to. */
    kept(
      cookie: string | undefined
    ): Effect.Effect<Option.Option<{ readonly attempt: SignInAttempt; readonly returnTo: string }>>
  }
>()("@atlas/server/SignInAttempts") {
  static readonly layer: Layer.Layer<SignInAttempts, never, ServerSecret | Settings> = Layer.effect(
    SignInAttempts,
    Effect.gen(function* () {
      const secret = Redacted.value(yield* ServerSecret)
      const { publicUrl } = yield* Settings
      // Lax: the provider sends the browser back from another site.
      const attributes = {
        httpOnly: true,
        sameSite: "Lax",
        path: "/sign-in",
        secure: publicUrl.startsWith("https:")
      } as const

      const keep = Effect.fn("SignInAttempts.keep")(function* (attempt: SignInAttempt, returnTo: string) {
        const expires = (yield* Clock.currentTimeMillis) + lifetimeSeconds * 1000
        const value = Schema.encodeSync(Kept)({ attempt, returnTo, expires })
        return yield* Effect.promise(() =>
          serializeSigned(name, value, secret, { ...attributes, maxAge: lifetimeSeconds })
        )
      })

      const kept = Effect.fn("SignInAttempts.kept")(function* (cookie: string | undefined) {
        if (cookie === undefined) return Option.none()
        const { [name]: value } = yield* Effect.promise(() => parseSigned(cookie, secret, name))
        const now = yield* Clock.currentTimeMillis
        return Option.fromNullishOr(value || null).pipe(
          Option.flatMap(Schema.decodeOption(Kept)),
          Option.filter(({ expires }) => expires > now)
        )
      })

      return SignInAttempts.of({ keep, forget: serialize(name, "", { ...attributes, maxAge: 0 }), kept })
    })
  )
}
