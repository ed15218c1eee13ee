import { Clock, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { parseSigned, serialize, serializeSigned } from "hono/utils/cookie"
import { ServerSecret } from "./ServerSecret.ts"
import { Settings } from "./Settings.ts"

const name = "atlas_session"
const lifetimeSeconds = 12 * 60 * 60

const Session = Schema.fromJsonString(Schema.Struct({ account: Schema.String, expires: Schema.Finite }))

/** Sessions, in signed cookies: HttpOnly, SameSite=Lax, Secure behind https. */
export class Sessions extends Context.Service<
  Sessions,
  {
    /** The `Set-Cookie` value that signs an account in for twelve hours. */
    open(account: string): Effect.Effect<string>
    /** The `Set-Cookie` value that signs out. */
    readonly close: string
    /** The account of a `Cookie` header, if it carries a session that we signed and that has not expired. */
    account(cookie: string | undefined): Effect.Effect<Option.Option<string>>
  }
>()("@atlas/server/Sessions") {
  static readonly layer: Layer.Layer<Sessions, never, ServerSecret | Settings> = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const { entra, publicUrl } = yield* Settings
      // Each way to sign in has its own key, so no session outlives a change of it: neither one without proof, nor one of
      // another directory.
      const secret = `${Redacted.value(yield* ServerSecret)} ${entra?.tenantId ?? "development"}`
      const attributes = { httpOnly: true, sameSite: "Lax", path: "/", secure: publicUrl.startsWith("https:") } as const

      const open = Effect.fn("Sessions.open")(function* (account: string) {
        const expires = (yield* Clock.currentTimeMillis) + lifetimeSeconds * 1000
        const value = Schema.encodeSync(Session)({ account, expires })
        return yield* Effect.promise(() =>
          serializeSigned(name, value, secret, { ...attributes, maxAge: lifetimeSeconds })
        )
      })

      const account = Effect.fn("Sessions.account")(function* (cookie: string | undefined) {
        if (cookie === undefined) return Option.none<string>()
        const { [name]: value } = yield* Effect.promise(() => parseSigned(cookie, secret, name))
        const now = yield* Clock.currentTimeMillis
        return Option.fromNullishOr(value || null).pipe(
          Option.flatMap(Schema.decodeOption(Session)),
          Option.filter(({ expires }) => expires > now),
          Option.map((session) => session.account)
        )
      })

      return Sessions.of({ open, close: serialize(name, "", { ...attributes, maxAge: 0 }), account })
    })
  )
}
