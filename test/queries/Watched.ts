import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, type Redacted, String, type Tracer } from "effect"
import { SqlClient, Statement } from "effect/sql"

/** A statement as a service sent it. */
export interface Sent {
  /** The span that it was sent in, such as `RunQueries.list`, and the case if a scenario named one: `RunQueries.list, of a tenant`. */
  readonly name: string
  readonly text: string
  readonly params: ReadonlyArray<unknown>
}

/** What the packages send to the database, and where they write it. */
export class Watched extends Context.Service<
  Watched,
  {
    readonly sent: ReadonlyArray<Sent>
    /** The templates that were used, as `file:line:column`. */
    readonly templates: ReadonlySet<string>
  }
>()("test/queries/Watched") {}

const Case = Context.Reference<string | null>("test/queries/Case", { defaultValue: () => null })

/** Gives the statements that an effect sends a name of their own: `RunQueries.list` becomes `RunQueries.list, of a tenant`. */
export const as = (name: string) => Effect.provideService(Case, name)

/** The nearest span that is not the driver's. */
const nameOf = (span: Tracer.AnySpan | undefined): string => {
  if (span === undefined || span._tag === "ExternalSpan") return "(no span)"
  return span.name.startsWith("sql.") ? nameOf(Option.getOrUndefined(span.parent)) : span.name
}

const inPackage = /[/\\](packages[/\\][^/\\]+[/\\]src[/\\][^:)]+:\d+:\d+)/

/** The client, but for each template of a package it tells where that was written, and what was made of it. */
const watching = (client: PgClient.PgClient, onTemplate: (place: string, made: object) => void) =>
  new Proxy(client, {
    apply(target, self, given) {
      const made = Reflect.apply(target as (...given: ReadonlyArray<unknown>) => object, self, given)
      const place = inPackage.exec(new Error().stack ?? "")?.[1]
      if (place !== undefined) onTemplate(place.replaceAll("\\", "/"), made)
      return made
    }
  })

const make = Effect.map(PgClient.PgClient, (client) => {
  const sent: Array<Sent> = []
  const templates = new Set<string>()
  const statements = new WeakSet<object>()
  const sql = watching(client, (place, made) => {
    templates.add(place)
    statements.add(made)
  })
  const note: Statement.Transformer = (statement, _, fiber, span) =>
    Effect.sync(() => {
      if (!statements.has(statement)) return statement
      const [text, params] = statement.compile()
      const of = fiber.getRef(Case)
      const name = nameOf(Option.getOrUndefined(span.parent))
      sent.push({ name: of === null ? name : `${name}, ${of}`, text, params })
      return statement
    })
  return Context.make(Watched, Watched.of({ sent, templates })).pipe(
    Context.add(SqlClient.SqlClient, sql),
    Context.add(PgClient.PgClient, sql),
    Context.add(Statement.CurrentTransformer, note)
  )
})

/** A client, such as hosts have, that notes what the packages send. What tests send is not noted. */
export const layer = (url: Redacted.Redacted) =>
  Layer.effectContext(make).pipe(
    Layer.provide(
      PgClient.layer({
        url,
        maxConnections: 20,
        transformQueryNames: String.camelToSnake,
        transformResultNames: String.snakeToCamel,
        transformJson: false
      })
    )
  )
