/**
 * The settings of the server, from environment variables. All are checked together: a process with wrong settings does not
 * start, and says every problem in a sentence.
 *
 * @module
 */

import { Cause, Config, Context, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"

/** What a process does: everything, only pages and API, or only work. */
export type Role = "all" | "web" | "worker"

/** The app registration with which people of one Entra tenant sign in. */
export interface EntraSettings {
  /** In lower case. */
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
  /** The login service of the cloud: an https origin without a trailing slash. */
  readonly authority: string
}

/** Everything that an operator can set, checked. */
export interface ServerSettings {
  readonly role: Role
  readonly production: boolean
  readonly host: string
  readonly port: number
  /** Null: the embedded Postgres below `dataDir`. */
  readonly databaseUrl: Redacted.Redacted | null
  readonly dataDir: string
  readonly workerSlots: number
  readonly lease: Duration.Duration
  /** The base of absolute links: an origin without a trailing slash. */
  readonly publicUrl: string
  /** Null: in development, one is generated and kept in `dataDir`. */
  readonly secret: Redacted.Redacted | null
  /** Earlier values of `secret`, which still open what they sealed. */
  readonly previousSecrets: ReadonlyArray<Redacted.Redacted>
  /** Null: people do not sign in with Entra ID. */
  readonly entra: EntraSettings | null
  /** Null: traces and metrics go nowhere. */
  readonly otlpEndpoint: string | null
  /** How many starts of one person this process accepts in a minute. */
  readonly startsPerMinute: number
  /** For how many days completed runs are kept whose operations do not say; 0 for ever. */
  readonly runRetentionDays: number
  /** How many proxies of the operator's stand before this process, each of which adds to `X-Forwarded-For`. */
  readonly trustedProxies: number
  /** Where Graph is. */
  readonly graph:
    | { readonly kind: "live" }
    | {
        readonly kind: "fake"
        readonly groups: number
        /** A folder of JSON to serve in place of made-up objects. */
        readonly data: string | null
        readonly url: string | null
      }
}

/** The process cannot start with these settings: one sentence for each problem. */
export class SettingsError extends Schema.TaggedError<SettingsError>()("SettingsError", {
  problems: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return this.problems.join("\n")
  }
}

const loopbackHosts = new Set(["127.0.0.1", "localhost", "::1"])

/**
 * Whether an address can be reached from this machine only.
 *
 * @param host a host name or IP address, without port
 */
export const isLoopback = (host: string): boolean => loopbackHosts.has(host.replace(/^\[|\]$/g, ""))

/** The checked settings of this process. */
export class Settings extends Context.Service<Settings, ServerSettings>()("@atlas/server/Settings") {
  /** Reads the environment. Fails with every problem at once. */
  static readonly layer: Layer.Layer<Settings, SettingsError> = Layer.effect(
    Settings,
    Effect.suspend(() => load)
  )
}

/** Reads one setting. Notes a problem and goes on with the fallback, so that the other settings are checked, too. */
const reader =
  (problems: Array<string>) =>
  <A>(name: string, config: Config.Config<A>, fallback: A, sentence: string): Effect.Effect<A> =>
    Config.option(config).pipe(
      Effect.map(Option.getOrElse(() => fallback)),
      Effect.catchCause((cause) => {
        if (Cause.hasDies(cause)) return Effect.failCause(cause as Cause.Cause<never>)
        problems.push(`${name} ${sentence}`)
        return Effect.succeed(fallback)
      })
    )

const load = Effect.gen(function* () {
  const problems: Array<string> = []
  const read = reader(problems)
  const text = (name: string) =>
    read(name, Config.NonEmptyString(name), "", "must not be empty: set it, or leave it out.")
  const whole = (name: string, minimum: number, maximum: number, fallback: number) =>
    read(
      name,
      Config.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })), name),
      fallback,
      `must be an integer from ${minimum} to ${maximum}.`
    )
  const production = (yield* text("NODE_ENV")) === "production"
  const role = yield* read(
    "ATLAS_ROLE",
    Config.Literals(["all", "web", "worker"], "ATLAS_ROLE"),
    "all",
    "must be all, web or worker."
  )
  const host = (yield* text("HOST")) || "127.0.0.1"
  const port = yield* read("PORT", Config.Port("PORT"), 3000, "must be a port from 1 to 65535.")
  const databaseUrl = yield* read("DATABASE_URL", Config.Redacted("DATABASE_URL"), null, "must be a Postgres URL.")
  const workerSlots = yield* whole("ATLAS_WORKER_SLOTS", 1, 1000, 8)
  const lease = yield* read(
    "ATLAS_LEASE",
    Config.Duration("ATLAS_LEASE"),
    Duration.seconds(15),
    'must be a duration such as "15 seconds".'
  )
  const groups = yield* whole("ATLAS_FAKE_GRAPH_GROUPS", 0, 1_000_000, 5000)
  const graph = yield* read(
    "ATLAS_GRAPH",
    Config.Literals(["fake", "live"], "ATLAS_GRAPH"),
    production ? "live" : "fake",
    "must be fake or live."
  )
  const secret = yield* read("ATLAS_SECRET", Config.Redacted("ATLAS_SECRET"), null, "must be text.")
  const previous = yield* read(
    "ATLAS_SECRET_PREVIOUS",
    Config.Redacted("ATLAS_SECRET_PREVIOUS"),
    Redacted.make(""),
    "must be text."
  )
  const startsPerMinute = yield* whole("ATLAS_STARTS_PER_MINUTE", 1, 1_000_000, 600)
  const runRetentionDays = yield* whole("ATLAS_RUN_RETENTION_DAYS", 0, 36_500, 0)
  const trustedProxies = yield* whole("ATLAS_TRUSTED_PROXIES", 0, 10, 0)
  const entra = yield* readEntra(problems, text)
  const publicUrl = (yield* text("ATLAS_PUBLIC_URL")).replace(/(?<=.)\/$/, "")
  const settings: ServerSettings = {
    role,
    production,
    host,
    port,
    databaseUrl,
    dataDir: (yield* text("ATLAS_DATA_DIR")) || ".atlas",
    workerSlots,
    lease,
    publicUrl: publicUrl || `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    secret,
    previousSecrets: Redacted.value(previous)
      .split(/\s+/)
      .filter(Boolean)
      .map((each) => Redacted.make(each)),
    entra,
    otlpEndpoint: (yield* text("OTEL_EXPORTER_OTLP_ENDPOINT")).replace(/\/$/, "") || null,
    startsPerMinute,
    runRetentionDays,
    trustedProxies,
    graph:
      graph === "live"
        ? { kind: "live" }
        : {
            kind: "fake",
            groups,
            data: (yield* text("ATLAS_FAKE_GRAPH_DATA")) || null,
            url: (yield* text("ATLAS_FAKE_GRAPH_URL")) || null
          }
  }
  problems.push(...contradictions(settings, publicUrl !== ""))
  return problems.length === 0 ? settings : yield* new SettingsError({ problems })
})

const entraNames = ["ATLAS_ENTRA_TENANT_ID", "ATLAS_ENTRA_CLIENT_ID", "ATLAS_ENTRA_CLIENT_SECRET"] as const

const readEntra = Effect.fnUntraced(function* (problems: Array<string>, text: (name: string) => Effect.Effect<string>) {
  const [tenantId, clientId, secret] = yield* Effect.all([
    text(entraNames[0]),
    text(entraNames[1]),
    text(entraNames[2])
  ])
  const authority = (yield* text("ATLAS_ENTRA_AUTHORITY")).replace(/\/$/, "") || "https://login.microsoftonline.com"
  const missing = entraNames.filter((_, index) => [tenantId, clientId, secret][index] === "")
  if (missing.length === entraNames.length) return null
  if (missing.length > 0) problems.push(`${missing.join(" and ")} must be set with the other settings of Entra ID.`)
  if (tenantId !== "" && !isUuid(tenantId))
    problems.push("ATLAS_ENTRA_TENANT_ID must be the id of a directory, a UUID.")
  if (!isOrigin(authority) || !authority.startsWith("https:"))
    problems.push("ATLAS_ENTRA_AUTHORITY must be an https origin such as https://login.microsoftonline.us.")
  return { tenantId: tenantId.toLowerCase(), clientId, clientSecret: Redacted.make(secret), authority }
})

const isUuid = (value: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)

const isOrigin = (value: string) => {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value
}

const isLocalHttp = (value: string) => {
  const url = URL.parse(value)
  return url?.protocol === "http:" && isLoopback(url.hostname)
}

const isPostgresUrl = (value: string) => /^postgres(ql)?:$/.test(URL.parse(value)?.protocol ?? "")

const isTooShort = (secret: Redacted.Redacted) => new TextEncoder().encode(Redacted.value(secret)).length < 32

/** What is wrong with settings that are each well-formed. */
const contradictions = (settings: ServerSettings, publicUrlIsSet: boolean): ReadonlyArray<string> => {
  const { production, role, databaseUrl, secret, graph, publicUrl, lease } = settings
  const rules: ReadonlyArray<readonly [wrong: boolean, sentence: string]> = [
    [
      databaseUrl !== null && !isPostgresUrl(Redacted.value(databaseUrl)),
      "DATABASE_URL must be a Postgres URL such as postgres://user:password@host/database."
    ],
    [
      databaseUrl === null && role !== "all",
      `DATABASE_URL is needed with ATLAS_ROLE=${role}: the embedded database serves one process only.`
    ],
    [databaseUrl === null && production, "DATABASE_URL is needed with NODE_ENV=production."],
    [secret !== null && isTooShort(secret), "ATLAS_SECRET must have at least 32 bytes."],
    [
      settings.previousSecrets.some(isTooShort),
      "ATLAS_SECRET_PREVIOUS must have at least 32 bytes in each secret; separate several secrets with spaces."
    ],
    [secret === null && production, "ATLAS_SECRET is needed with NODE_ENV=production: at least 32 random bytes."],
    [
      settings.entra === null && production && role !== "worker",
      "ATLAS_ENTRA_TENANT_ID, ATLAS_ENTRA_CLIENT_ID and ATLAS_ENTRA_CLIENT_SECRET are needed with NODE_ENV=production: without them nobody can sign in."
    ],
    [
      settings.otlpEndpoint !== null && !/^https?:$/.test(URL.parse(settings.otlpEndpoint)?.protocol ?? ""),
      "OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https address such as http://127.0.0.1:4318."
    ],
    [
      settings.entra !== null && isOrigin(publicUrl) && !publicUrl.startsWith("https:") && !isLocalHttp(publicUrl),
      "ATLAS_PUBLIC_URL must begin with https: if people sign in with Entra ID, unless it is an address of this machine."
    ],
    [!isOrigin(publicUrl), "ATLAS_PUBLIC_URL must be an origin such as https://atlas.example.com, without a path."],
    [!publicUrlIsSet && production, "ATLAS_PUBLIC_URL is needed with NODE_ENV=production."],
    [
      graph.kind === "fake" && production,
      "ATLAS_GRAPH=fake is refused with NODE_ENV=production: leave it out, or set it to live."
    ],
    [
      graph.kind === "fake" && graph.url !== null && !isLocalHttp(graph.url),
      "ATLAS_FAKE_GRAPH_URL must be an http address on this machine."
    ],
    [
      !Duration.between(lease, { minimum: Duration.seconds(1), maximum: Duration.hours(1) }),
      "ATLAS_LEASE must be between 1 second and 1 hour."
    ]
  ]
  return rules.filter(([wrong]) => wrong).map(([, sentence]) => sentence)
}
