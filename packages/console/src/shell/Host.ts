import { type Actor, argumentsOf, invalid, type Problems } from "@atlas/operations"
import { Context, Effect, Option, Predicate, Redacted, Schema } from "effect"
import { type Links, makeLinks } from "./Links.ts"

const shortestSecret = 32

/** A tenant as pages name it, and the workspace that it belongs to. */
export const Tenant = Schema.Struct({ id: Schema.String, name: Schema.String, workspace: Schema.String })
export type Tenant = typeof Tenant.Type

/** What a host answers a question with: at once, later, or as an effect. */
export type Answer<A> = A | Promise<A> | Effect.Effect<A>

/** What a console has to be told by the application that it is mounted in. */
export interface HostOptions {
  /** Where browsers reach the host, such as `https://admin.example.com`: the base of absolute links, and whose forms are accepted. */
  readonly origin: string
  /** The path below which the pages are, such as `/ops/atlas`. At the root of the host if left out. */
  readonly basePath?: string
  /** The path below which the API is, at `/api`. That of the pages if left out. */
  readonly apiBasePath?: string
  /** Who makes a request; null for nobody. Its cookies and headers are the host's own. */
  readonly actorOf: (request: Request) => Answer<Actor | null>
  /** The tenants that somebody may know of, by name, with the names that people know them by. */
  readonly tenantsOf: (actor: Actor) => Answer<ReadonlyArray<Tenant>>
  /** Signs what confirmations carry: at least 32 characters, the same in every process of the host. */
  readonly secret: Redacted.Redacted | string
  /** The address to send somebody to who has to sign in, and who wants to come back to a path. A page says so if left out. */
  readonly signIn?: (returnTo: string) => string
  /** The address that a form is posted to in order to sign out. There is no such button if left out. */
  readonly signOut?: string
  /** The name on every page: `Atlas` if left out. */
  readonly brand?: string
  /** A sentence on every page, such as a warning that this is no production system. */
  readonly notice?: string
  /** How many runs a person may start in a minute through this process: 600 if left out. */
  readonly startsPerMinute?: number
}

const Question = Schema.declare(Predicate.isFunction, { expected: "a function" })
const Path = Schema.String.check(
  Schema.isPattern(/^(\/[\w.~-]+)*$/, { expected: "a path such as /ops/atlas, without a slash at its end" })
)
const Origin = Schema.String.check(
  Schema.makeFilter(
    (text) => URL.parse(text)?.origin === text || "Expected an origin, such as https://admin.example.com"
  )
)

const Options = Schema.Struct({
  origin: Origin,
  basePath: Schema.optionalKey(Path),
  apiBasePath: Schema.optionalKey(Path),
  actorOf: Question,
  tenantsOf: Question,
  secret: Schema.Union([Schema.String, Schema.Redacted(Schema.String)]),
  signIn: Schema.optionalKey(Question),
  signOut: Schema.optionalKey(Schema.NonEmptyString),
  brand: Schema.optionalKey(Schema.NonEmptyString),
  notice: Schema.optionalKey(Schema.NonEmptyString),
  startsPerMinute: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))
})

const decode = argumentsOf(Schema.Struct({ options: Options }))

const answered = <A>(ask: () => Answer<A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const answer = ask()
    return Effect.isEffect(answer) ? answer : Effect.promise(() => Promise.resolve(answer))
  })

/** The application that a console is mounted in, as everything in the console sees it. */
export class Host extends Context.Service<
  Host,
  {
    readonly origin: string
    readonly links: Links
    readonly apiBasePath: string
    readonly brand: string
    readonly notice: string | null
    readonly startsPerMinute: number
    readonly secret: Redacted.Redacted
    /** Who makes a request. */
    actorOf(request: Request): Effect.Effect<Option.Option<Actor>>
    /** The tenants that an actor may know of, by name. */
    tenantsOf(actor: Actor): Effect.Effect<ReadonlyArray<Tenant>>
    /** Where somebody signs in who wants to come back to a path; null where the host has not said it. */
    signIn(returnTo: string): string | null
    readonly signOut: string | null
  }
>()("@atlas/console/Host") {
  /** The host as its options describe it; what is wrong with them is named. */
  static readonly make = Effect.fn("Host.make")(function* (
    options: HostOptions
  ): Effect.fn.Return<Host["Service"], Problems.InvalidInput> {
    yield* decode({ options })
    const { actorOf, basePath = "", origin, signIn, tenantsOf } = options
    const { apiBasePath = basePath, brand = "Atlas", notice, signOut, startsPerMinute = 600 } = options
    const secret = Redacted.isRedacted(options.secret) ? options.secret : Redacted.make(options.secret)
    if (Redacted.value(secret).length < shortestSecret)
      return yield* invalid("/options/secret", `Expected at least ${shortestSecret} characters`)
    return Host.of({
      origin,
      links: makeLinks(basePath, apiBasePath),
      apiBasePath,
      brand,
      notice: notice ?? null,
      startsPerMinute,
      secret,
      actorOf: (request) =>
        Effect.map(
          answered(() => actorOf(request)),
          Option.fromNullishOr
        ),
      tenantsOf: (actor) => answered(() => tenantsOf(actor)),
      signIn: (returnTo) => signIn?.(returnTo) ?? null,
      signOut: signOut ?? null
    })
  })
}
