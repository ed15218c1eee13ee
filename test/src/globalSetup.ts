import { client, createDatabase } from "@atlas/operations/testing"
import * as Migrations from "@atlas/server/migrations"
import { Config, Effect, Exit, Option, Redacted, Scope } from "effect"
import type { TestProject } from "vitest/node"
import * as Postgres from "./Postgres.ts"

const prepare = Effect.gen(function* () {
  const existing = yield* Config.option(Config.Redacted("DATABASE_URL"))
  const server = Option.isSome(existing) ? existing.value : yield* Postgres.server
  const template = yield* createDatabase(server)
  yield* Migrations.run.pipe(Effect.provide(client(template.url)))
  return { url: Redacted.value(server), template: template.name }
})

/** Once per run: a Postgres server, and on it the template that every test file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  try {
    project.provide("database", await Effect.runPromise(Scope.provide(prepare, scope)))
    return close
  } catch (error) {
    await close()
    throw error
  }
}
