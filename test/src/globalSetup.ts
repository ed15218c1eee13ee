import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
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

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "atlas-bundles-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

/** Sources have changed since their bundles were made. */
const emptyFolder = async (path: string) => {
  await rm(path, { recursive: true })
  await mkdir(path)
}

/**
 * Once per run: a Postgres server, on it the template that every test file copies, and a folder for the programs that tests start.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  try {
    project.provide("database", await Effect.runPromise(Scope.provide(prepare, scope)))
    const bundles = await Effect.runPromise(Scope.provide(folder, scope))
    project.provide("bundles", bundles)
    project.onTestsRerun(() => emptyFolder(bundles))
    return close
  } catch (error) {
    await close()
    throw error
  }
}
