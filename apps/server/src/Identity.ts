import { type Actor, Authentication, CurrentActor, Problems } from "@atlas/operations"
import { Context, Effect, Layer, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { Accounts } from "./Accounts.ts"
import { Sessions } from "./Sessions.ts"
import { isLoopback, Settings } from "./Settings.ts"

/** What a request says about who makes it. */
export interface Credentials {
  readonly authorization: string | undefined
  readonly cookie: string | undefined
}

const developmentBearer = "Bearer dev:"

/** Who makes a request: the bearer of a token, or of a session. */
export class Identity extends Context.Service<
  Identity,
  {
    /** People sign in without proof: only in development, and only on loopback. */
    readonly development: boolean
    actor(credentials: Credentials): Effect.Effect<Option.Option<Actor>>
  }
>()("@atlas/server/Identity") {
  static readonly layer: Layer.Layer<Identity, never, Accounts | Sessions | Settings> = Layer.effect(
    Identity,
    Effect.gen(function* () {
      const accounts = yield* Accounts
      const sessions = yield* Sessions
      const { production, host } = yield* Settings
      const development = !production && isLoopback(host)

      // A request that carries a token is judged by it alone: a bad one never falls back to a session.
      const account = ({ authorization, cookie }: Credentials) => {
        if (authorization === undefined) return sessions.account(cookie)
        const named = authorization.startsWith(developmentBearer) ? authorization.slice(developmentBearer.length) : ""
        return Effect.succeed(Option.liftPredicate(named, (id) => development && id !== ""))
      }

      const actor = Effect.fn("Identity.actor")(function* (credentials: Credentials) {
        const id = yield* account(credentials)
        return Option.isSome(id) ? yield* accounts.actor(id.value) : Option.none<Actor>()
      })

      return Identity.of({ development, actor })
    })
  )
}

/** Authenticates API requests. */
export const authentication: Layer.Layer<Authentication, never, Identity> = Layer.effect(
  Authentication,
  Effect.gen(function* () {
    const identity = yield* Identity
    return Authentication.of(
      Effect.fnUntraced(function* (answer) {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        const actor = yield* identity.actor({ authorization: headers["authorization"], cookie: headers["cookie"] })
        if (Option.isNone(actor)) return yield* new Problems.Unauthenticated({})
        return yield* Effect.provideService(answer, CurrentActor, actor.value)
      })
    )
  })
)
