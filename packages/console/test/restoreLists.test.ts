import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Console } from "../src/index.ts"
import { intune } from "../src/intune/index.ts"
import { type Mounted, send } from "./journey.ts"
import { hostOptions, services } from "./Mounted.ts"

const origin = "https://host.example"
const id = "01920000-0000-7000-8000-00000000000b"
const path = `/tenants/contoso/restores/${id}`

const made = Effect.gen(function* () {
  const console = yield* Console.make({ ...hostOptions(origin, ""), parts: [intune] })
  const mounted: Mounted = { origin, basePath: "", fetch: (address, init) => console(new Request(address, init)) }
  return mounted
})

/** A planned restore: 60 policies to create, two to change, three unchanged. Those to create come first by id. */
const planned = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO policy_snapshots (workspace_id, tenant_id, hash, body, size)
    VALUES ('northwind', 'contoso', sha256('content'), 'x', 1)`
  yield* sql`
    INSERT INTO backup_sets (id, workspace_id, tenant_id, origin, name)
    VALUES (${id}::uuid, 'northwind', 'contoso', 'import', 'Import')`
  yield* sql`
    INSERT INTO restores (id, workspace_id, tenant_id, set_id, with_assignments, plan_digest, request_digest, created_by)
    VALUES (${id}::uuid, 'northwind', 'contoso', ${id}::uuid, false, sha256('plan'), sha256('request'),
      '{"id":"ada","kind":"user","name":"Ada"}')`
  yield* sql`
    INSERT INTO restore_items (restore_id, source, id, workspace_id, tenant_id, title, content_hash, action)
    SELECT ${id}::uuid, 'scope_tags', action || lpad(at::text, 3, '0'), 'northwind', 'contoso', action || ' ' || at,
      sha256('content'), action
    FROM (VALUES ('create', 60), ('update', 2), ('unchanged', 3)) AS wanted (action, count),
      generate_series(1, wanted.count) AS at`
  yield* sql`UPDATE restores SET state = 'planned', planned_at = now() WHERE id = ${id}::uuid`
})

/** The titles of the policies on a page, by section and in order. */
const titlesIn = (text: string) =>
  text
    .split('<section id="')
    .slice(1)
    .map((part) => [
      part.slice(0, part.indexOf('"')),
      [...part.matchAll(/<h3>([^<]*)<\/h3>/g)].map(([, title]) => title)
    ])
    .filter(([action]) => action !== "confirm")

const numbered = (action: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${action} ${from + at}`)

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("the lists of a restore", (it) => {
  it.effect("begin with what is overwritten, and have all policies of an action page by page", () =>
    Effect.gen(function* () {
      yield* planned
      const mounted = yield* made
      const read = (address: string) =>
        Effect.promise(async () => (await send(mounted, "ada", address.replaceAll("&amp;", "&"))).text())
      const nextIn = (text: string) => /href="([^"]*)" rel="next"/.exec(text)?.[1]
      const overview = yield* read(path)
      const first = yield* read(`${path}?action=create`)
      const second = yield* read(nextIn(first) ?? assert.fail("There is a next page"))
      const unchanged = yield* read(`${path}?action=unchanged`)
      const unknown = yield* read(`${path}?action=odd`)

      assert.deepStrictEqual(titlesIn(overview), [
        ["update", numbered("update", 1, 2)],
        ["create", numbered("create", 1, 20)]
      ])
      assert.include(overview, `<a class="button" href="${path}?action=create">Show all 60 policies to create</a>`)
      assert.isUndefined(nextIn(overview))
      assert.deepStrictEqual(titlesIn(first), [["create", numbered("create", 1, 50)]])
      assert.deepStrictEqual(titlesIn(second), [["create", numbered("create", 51, 60)]])
      assert.isUndefined(nextIn(second))
      assert.deepStrictEqual(titlesIn(unchanged), [["unchanged", numbered("unchanged", 1, 3)]])
      assert.deepStrictEqual(titlesIn(unknown), titlesIn(overview))
    }).pipe(Effect.scoped)
  )
})
