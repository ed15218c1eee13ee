import { TestDatabase } from "@atlas/test"
import { Context, Effect, Layer } from "effect"
import { fill } from "./Filled.ts"
import { host } from "./Host.ts"
import { HostRole } from "./HostRole.ts"
import { explain, type Plan } from "./Plan.ts"
import { directory } from "./scenarios/directory.ts"
import { executing } from "./scenarios/executing.ts"
import { graph } from "./scenarios/graph.ts"
import { intune } from "./scenarios/intune.ts"
import { reading } from "./scenarios/reading.ts"
import { starting } from "./scenarios/starting.ts"
import * as Watched from "./Watched.ts"

/** What every statement that the packages send reads, on a database with many rows, for a role that owns none of them. */
export class Explained extends Context.Service<
  Explained,
  {
    readonly statements: ReadonlyArray<Watched.Sent & Plan>
    /** The templates that they were made of, as `file:line:column`. */
    readonly templates: ReadonlySet<string>
  }
>()("test/queries/Explained") {
  static readonly layer = Layer.effect(
    Explained,
    Effect.gen(function* () {
      // The directory and Intune need the connection that comes first.
      yield* Effect.all([graph, starting, executing, reading, directory, intune])
      const { sent, templates } = yield* Watched.Watched
      const different = new Map(sent.map((statement) => [`${statement.name} ${statement.text}`, statement]))
      const statements = yield* Effect.forEach(different.values(), (statement) =>
        Effect.map(explain(statement), (plan) => ({ ...statement, ...plan }))
      ).pipe(Effect.provide(HostRole.client))
      return Explained.of({ statements, templates })
    })
  ).pipe(
    Layer.provide(host),
    Layer.provide(Layer.unwrap(Effect.map(HostRole, Watched.layer))),
    Layer.provide(Layer.merge(HostRole.layer, Layer.effectDiscard(fill)).pipe(Layer.provide(TestDatabase.client))),
    Layer.provide(TestDatabase.layerNoClient),
    Layer.orDie
  )
}
