/**
 * The application that a console is mounted in. Its `HostOptions` say who makes a request, which tenants that person may know
 * of, and where the console is. Every option is checked, and so are the answers of `actorOf` and `tenantsOf`. Everything in the
 * console asks the service `Host`, which is made of them.
 *
 * @module
 */

import { type Actor, Decoding, type Problems, Redaction } from "@atlas/operations"
import { Cause, Context, Effect, Option, Predicate, Redacted, Schema } from "effect"
import { type Links, makeLinks } from "./Links.ts"

const shortestSecret = 32

/** A tenant as pages name it, and its workspace. */
export const Tenant = Schema.Struct({ id: Schema.String, name: Schema.String, workspace: Schema.String })
export type Tenant = typeof Tenant.Type

/** An answer of the host: at once, later, or as an effect. */
export type Answer<A> = A | Promise<A> | Effect.Effect<A>

/** What an application tells a console about itself. */
export interface HostOptions {
  /**
   * Where browsers reach the host, such as `https://admin.example.com`: the base of absolute links, and the only origin whose
   * forms are accepted.
   */
  readonly origin: string
  /** The path of the pages, such as `/ops/atlas`. By default the root of the host. */
  readonly basePath?: string
  /** The path below which the API is, at `/api`. By default that of the pages. */
  readonly apiBasePath?: string
  /** Who makes a request; null for nobody. The request has the cookies and headers of the host. */
  readonly actorOf: (request: Request) => Answer<Actor | null>
  /** The tenants that a person may know of, by name, under the names that people know. */
  readonly tenantsOf: (actor: Actor) => Answer<ReadonlyArray<Tenant>>
  /** Signs confirmations: at least 32 characters, the same in every process of the host. */
  readonly secret: Redacted.Redacted | string
  /** The address of the sign-in, for a person who then comes back to `returnTo`. By default a page asks to sign in. */
  readonly signIn?: (returnTo: string) => string
  /** The address to which the button “Sign out” posts a form. By default there is no such button. */
  readonly signOut?: string
  /** The name on every page; `Atlas` by default. */
  readonly brand?: string
  /** A sentence on every page, such as a warning that this is no production system. */
  readonly notice?: string
  /** How many runs a person may start in a minute through this process; 600 by default. */
  readonly startsPerMinute?: number
}

const Question = Schema.declare(Predicate.isFunction, { expected: "a function" })
const Path = Schema.String.check(
  Schema.isPattern(/^(\/[\w.~-]+)*$/, { expected: "a path such as /ops/atlas, without a trailing slash" })
)
const Origin = Schema.String.check(
  Schema.makeFilter(
    (text) => URL.parse(text)?.origin === text || "Expected an origin, such as https://admin.example.com"
  )
)

const secretRule = `a text of at least ${shortestSecret} characters: a string, or a Redacted string`
const isSecret = (given: unknown): given is Redacted.Redacted | string =>
  Predicate.isString(Redacted.isRedacted(given) ? Redacted.value(given) : given)

const Options = Schema.Struct({
  origin: Origin,
  basePath: Schema.optionalKey(Path),
  apiBasePath: Schema.optionalKey(Path),
  actorOf: Question,
  tenantsOf: Question,
  secret: Schema.declare(isSecret, { expected: secretRule }),
  signIn: Schema.optionalKey(Question),
  signOut: Schema.optionalKey(Schema.NonEmptyString),
  brand: Schema.optionalKey(Schema.NonEmptyString),
  notice: Schema.optionalKey(Schema.NonEmptyString),
  startsPerMinute: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))
})

const decode = Decoding.argumentsOf(Schema.Struct({ options: Options }))

// A host's functions know nothing of schemas, so actors and tenants may have more members.
const GivenTenant = Schema.StructWithRest(
  Tenant.mapFields((fields) => ({ ...fields, id: Schema.NonEmptyString })),
  [Schema.Record(Schema.String, Schema.Unknown)]
)
const decodeActor = Decoding.argumentsOf(Schema.Struct({ answer: Schema.NullishOr(Decoding.GivenActor) }))
const decodeTenants = Decoding.argumentsOf(Schema.Struct({ answer: Schema.Array(GivenTenant) }))

const said = ({ detail, errors }: Problems.InvalidInput) => {
  const problems = errors.map((problem) => `${problem.pointer.replace(/^\/answer/, "") || "/"}: ${problem.detail}`)
  return [...problems, ...(detail === undefined ? [] : [detail])].join("; ")
}

/**
 * Asks a function of the host. An exception and a wrong answer are defects of the host: the log names the option and every
 * problem, and the caller learns only that something went wrong.
 */
const asked = <A>(
  option: string,
  ask: () => Answer<unknown>,
  decode: (given: { readonly answer: unknown }) => Effect.Effect<{ readonly answer: A }, Problems.InvalidInput>
): Effect.Effect<A> =>
  Effect.suspend((): Effect.Effect<unknown> => {
    const answer = ask()
    return Effect.isEffect(answer) ? (answer as Effect.Effect<unknown>) : Effect.promise(async () => answer)
  }).pipe(
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : Effect.die(new Error(`The option ${option} of the console failed: ${Redaction.redactCause(cause)}`))
    ),
    Effect.flatMap((answer) => decode({ answer })),
    Effect.map(({ answer }) => answer),
    Effect.catchTag("InvalidInput", (problem) =>
      Effect.die(
        new TypeError(Redaction.redact(`The option ${option} of the console gave a wrong answer: ${said(problem)}`))
      )
    )
  )

/** The application, as everything in the console sees it. */
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
    /** Where a person signs in to come back to `returnTo`; null if the host has no such address. */
    signIn(returnTo: string): string | null
    readonly signOut: string | null
  }
>()("@atlas/console/Host") {
  /** Makes the service from options. Fails with `InvalidInput`, which names each problem. */
  static readonly make = Effect.fn("Host.make")(function* (
    options: HostOptions
  ): Effect.fn.Return<Host["Service"], Problems.InvalidInput> {
    yield* decode({ options })
    const { actorOf, basePath = "", origin, signIn, tenantsOf } = options
    const { apiBasePath = basePath, brand = "Atlas", notice, signOut, startsPerMinute = 600 } = options
    const secret = Redacted.isRedacted(options.secret) ? options.secret : Redacted.make(options.secret)
    if (Redacted.value(secret).length < shortestSecret)
      return yield* Decoding.invalid("/options/secret", `Expected ${secretRule}`)
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
          asked("actorOf", () => actorOf(request), decodeActor),
          Option.fromNullishOr
        ),
      tenantsOf: (actor) => asked("tenantsOf", () => tenantsOf(actor), decodeTenants),
      signIn: (returnTo) => signIn?.(returnTo) ?? null,
      signOut: signOut ?? null
    })
  })
}
