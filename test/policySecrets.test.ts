import { mkdtemp, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { gunzipSync } from "node:zlib"
import { policyTypes } from "@atlas/intune"
import { as, atlasWith, call, completed, type ServerProcess, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type Corpus, makeCorpus, withoutPlaces } from "./secrets/Corpus.ts"

const settings = { ATLAS_SECRET: "a secret of at least 32 bytes, for tests" }
const manager = "manager@northwind"
const tenant = "/tenants/contoso"

/** A folder of JSON with the policies of a corpus, as the fake Graph and an import read it. */
const folderOf = ({ policies }: Corpus) =>
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "atlas-secrets-"))
    for (const [path, items] of Object.entries(policies)) {
      const file = join(folder, `${path}.json`)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, JSON.stringify(items))
    }
    return folder
  })

const filesIn = (folder: string) =>
  Effect.promise(async () => {
    const names = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = names.filter((each) => each.isFile())
    return Promise.all(files.map(({ name, parentPath }) => readFile(join(parentPath, name), "utf8")))
  })

/** Calls the API, and keeps what it answered. */
const makeApi = (server: ServerProcess) => {
  const answers: Array<string> = []
  const request = Effect.fnUntraced(function* (path: string, body?: object) {
    const headers = { ...as(manager), "idempotency-key": `${path} ${JSON.stringify(body)}`.slice(0, 200) }
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
    const answer = yield* call(server, `/api/v1${path}`, { headers, ...sent })
    assert.isBelow(answer.status, 300, `${path}: ${answer.text}`)
    answers.push(answer.text)
    return answer.body
  })
  /** Starts an operation, and waits until its run has succeeded. */
  const run = Effect.fnUntraced(function* (operation: string, input: object) {
    const { run: started } = yield* request(`${tenant}/operations/${operation}`, { input })
    const ended = yield* completed(server, started.id, manager)
    assert.include(["succeeded", "partially_succeeded"], ended.outcome, JSON.stringify(ended))
    return String(started.id)
  })
  return { answers, request, run }
}

/** Every page of the tenant that links lead to. */
const pagesOf = Effect.fnUntraced(function* (server: ServerProcess) {
  const found = new Map<string, string>()
  const open = [`/admin${tenant}`, "/admin/operations"]
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    if (found.has(path)) continue
    const { headers, text } = yield* call(server, path, { headers: as(manager) })
    found.set(path, text)
    if (headers.get("content-type")?.includes("html") !== true) continue
    const links = [...text.matchAll(/href="(\/admin\/(?:tenants\/contoso|operations\/)[^"#?]*)/g)]
    open.push(...links.map(([, link]) => String(link).replaceAll("&amp;", "&")))
  }
  return found
})

/** What bytes say, compressed or not. */
const readable = (hex: string): string => {
  const bytes = Buffer.from(hex, "hex")
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8")
}

/** Every column of every table as text, by table. */
const tablesOf = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
  return yield* Effect.forEach(
    tables,
    Effect.fnUntraced(function* ({ name }) {
      const rows = yield* sql<{ row: string }>`SELECT to_jsonb(t)::text AS row FROM ${sql(name)} t`
      const texts = rows.flatMap(({ row }) => [
        row,
        ...[...row.matchAll(/"\\\\x([\da-f]+)"/g)].map(([, hex]) => readable(hex ?? ""))
      ])
      return [name, texts.join("\n")] as const
    })
  )
})

layer(TestDatabase.layer, { excludeTestServices: true, timeout: "300 seconds" })("secrets in policies", (it) => {
  it.effect("are readable nowhere: in no page, answer, export, log, event or column", () =>
    Effect.gen(function* () {
      const [live, other] = [makeCorpus("Live"), makeCorpus("Other")]
      const server = yield* startServer({ ...settings, ATLAS_FAKE_GRAPH_DATA: yield* folderOf(live) })
      const { answers, request, run } = makeApi(server)

      yield* run("inventory.sync", {})
      const { schedule } = yield* request(`${tenant}/backup-schedules`, {
        name: "All",
        cron: "0 2 * * *",
        timeZone: "UTC"
      })
      yield* run("backup_schedule.run_now", { schedule: schedule.id })
      const importing = yield* atlasWith(settings, "backup", "import", yield* folderOf(other), "--tenant", "contoso")
      assert.strictEqual(importing.stderr, "")
      const { backups } = yield* request(`${tenant}/backups`)
      const [imported, made] = ["import", "schedule"].map((origin) => {
        const found = backups.find((each: { origin: string }) => each.origin === origin)
        return String(found?.id)
      })
      const drift = yield* run("drift.compare", { from: { kind: "backup", id: imported }, to: { kind: "live" } })
      const { items: changes } = yield* request(`/operations/${drift}/drift?limit=100`)
      const plan = yield* request(`${tenant}/restores`, { backup: imported, items: null, withAssignments: true })
      yield* completed(server, plan.runId, manager)
      yield* request(`${tenant}/restores/${plan.restore.id}/items?limit=100`)
      const { items } = yield* request(`${tenant}/inventory?limit=100`)
      for (const { id, source } of items) {
        yield* request(`${tenant}/inventory/${source}/${encodeURIComponent(id)}`)
        yield* request(`${tenant}/backups/${made}/items/${source}/${encodeURIComponent(id)}`)
      }
      for (const backup of [imported, made]) {
        const folder = join(yield* Effect.promise(() => mkdtemp(join(tmpdir(), "atlas-secrets-"))), "export")
        assert.strictEqual((yield* atlasWith(settings, "backup", "export", String(backup), "--to", folder)).stderr, "")
        answers.push(...(yield* filesIn(folder)))
      }
      const pages = yield* pagesOf(server)

      // Each kind is there, and each of its secrets made a difference: it was read, and is known by its fingerprint.
      const kinds = new Set(items.flatMap(({ type }: { type: string | null }) => type ?? []))
      assert.sameMembers(
        [...kinds, ...withoutPlaces],
        policyTypes.map(({ name }) => name)
      )
      assert.strictEqual(changes.length, items.length)
      assert.isAbove(pages.size, items.length)
      const places = new Map([
        ["the API and exports", answers.join("\n")],
        ["the log", server.output()],
        ...pages,
        ...(yield* tablesOf)
      ])
      const leaks = [...live.secrets, ...other.secrets].flatMap(([place, needles]) =>
        [...places]
          .filter(([, text]) => needles.some((needle) => text.includes(needle)))
          .map(([where]) => `${place} in ${where}`)
      )
      assert.deepStrictEqual(leaks, [])
    }).pipe(Effect.scoped)
  )
})
