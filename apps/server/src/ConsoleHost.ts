import { Host, type HostOptions } from "@atlas/console/shell"
import { Effect, Layer, Option } from "effect"
import { Accounts } from "./Accounts.ts"
import { SignIn } from "./SignIn.ts"
import { ServerSecret } from "./ServerSecret.ts"
import { Settings } from "./Settings.ts"

const development = "Development sign-in: anyone on this machine can act as these people."

/** How the console is mounted in this server: pages below `/admin`, the API at `/api`. */
export const hostOptions = Effect.gen(function* () {
  const { publicUrl, startsPerMinute } = yield* Settings
  const signIn = yield* SignIn
  const { tenantsOf } = yield* Accounts
  const options: HostOptions = {
    origin: publicUrl,
    basePath: "/admin",
    apiBasePath: "",
    actorOf: ({ headers }) =>
      Effect.map(
        signIn.actor({
          authorization: headers.get("authorization") ?? undefined,
          cookie: headers.get("cookie") ?? undefined
        }),
        Option.getOrNull
      ),
    tenantsOf,
    secret: yield* ServerSecret,
    signIn: (returnTo) => `/sign-in?returnTo=${encodeURIComponent(returnTo)}`,
    signOut: "/sign-out",
    startsPerMinute,
    ...(signIn.development ? { notice: development } : {})
  }
  return options
})

/** The host of the server's own pages, from the same options. */
export const layer = Layer.effect(
  Host,
  Effect.flatMap(hostOptions, (options) => Effect.orDie(Host.make(options)))
)
