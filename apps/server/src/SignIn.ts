/**
 * Who makes a request: the person of a session, or of a bearer token.
 *
 * @module
 */

import { type Actor, Redaction } from "@atlas/operations"
import { Cause, Context, Effect, Layer, Option } from "effect"
import { Accounts } from "./Accounts.ts"
import { EntraId } from "./EntraId.ts"
import { Sessions } from "./Sessions.ts"
import { isLoopback, Settings } from "./Settings.ts"

/** The headers by which a request says who makes it. */
export interface SignInCredentials {
  readonly authorization: string | undefined
  readonly cookie: string | undefined
}

const developmentToken = "dev:"

/** Finds out who makes a request. */
export class SignIn extends Context.Service<
  SignIn,
  {
    /** People sign in without proof: only in development, and only on loopback. */
    readonly development: boolean
    actor(credentials: SignInCredentials): Effect.Effect<Option.Option<Actor>>
  }
>()("@atlas/server/SignIn") {
  static readonly layer: Layer.Layer<SignIn, never, Accounts | EntraId | Sessions | Settings> = Layer.effect(
    SignIn,
    Effect.gen(function* () {
      const accounts = yield* Accounts
      const sessions = yield* Sessions
      const entra = yield* EntraId
      const { production, host } = yield* Settings
      const development = !production && isLoopback(host) && Option.isNone(entra)

      const ofSession = Effect.fnUntraced(function* (cookie: string | undefined) {
        const id = yield* sessions.account(cookie)
        return Option.isSome(id) ? yield* accounts.actor(id.value) : Option.none<Actor>()
      })

      const ofToken = Effect.fnUntraced(function* (token: string) {
        if (development)
          return token.startsWith(developmentToken) ? yield* accounts.actor(token.slice(4)) : Option.none()
        if (Option.isNone(entra)) return Option.none<Actor>()
        const person = yield* entra.value.bearer(token).pipe(
          // Nobody gets in without proof. The caller learns the same as with a bad token, the operator what happened.
          Effect.tapError(({ cause }) =>
            Effect.logWarning("Bearer tokens cannot be verified now", Redaction.redactCause(Cause.fail(cause)))
          ),
          Effect.orElseSucceed(() => Option.none())
        )
        return Option.isSome(person) ? yield* accounts.ofIdentity(person.value) : Option.none<Actor>()
      })

      // A request with a token is judged by the token alone: a bad one never falls back to a session.
      const actor = Effect.fn("SignIn.actor")(function* ({ authorization, cookie }: SignInCredentials) {
        if (authorization === undefined) return yield* ofSession(cookie)
        const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
        return token === undefined ? Option.none<Actor>() : yield* ofToken(token)
      })

      return SignIn.of({ development, actor })
    })
  )
}
