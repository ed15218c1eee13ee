import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { intune } from "../src/intune/index.ts"
import { Console } from "../src/index.ts"
import { hostOptions, services } from "./Mounted.ts"

const origin = "https://host.example"
const nightly = { name: "Nightly", cron: "0 2 * * *", timeZone: "UTC" }

interface Sent {
  readonly method?: string
  readonly body?: object
  readonly form?: Record<string, string>
  readonly headers?: Record<string, string>
}

const mounted = Effect.map(Console.make({ ...hostOptions(origin, ""), parts: [intune] }), (console) => {
  const send = (path: string, { body, form, headers = {}, method = "GET" }: Sent = {}) =>
    Effect.promise(async () => {
      const type = form === undefined ? "application/json" : "application/x-www-form-urlencoded"
      const content = form === undefined ? body && JSON.stringify(body) : new URLSearchParams(form).toString()
      const sent = { origin, cookie: "user=ada", "content-type": type, ...headers }
      const request = new Request(`${origin}${path}`, { method, headers: sent, ...(content && { body: content }) })
      const answer = await console(request)
      const text = await answer.text()
      const isJson = answer.headers.get("content-type")?.includes("json") ?? false
      return { status: answer.status, etag: answer.headers.get("etag"), text, json: isJson ? JSON.parse(text) : null }
    })
  const all = "/api/v1/tenants/contoso/backup-schedules"
  return {
    send,
    all,
    create: Effect.map(send(all, { method: "POST", body: nightly }), ({ json }): string => json.schedule.id),
    page: (id: string) => `/tenants/contoso/backup-schedules/${id}`
  }
})

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("a schedule over HTTP", (it) => {
  it.effect("has its version as ETag, and is changed by whoever sends the one that it has", () =>
    Effect.gen(function* () {
      const { all, send } = yield* mounted
      const made = yield* send(all, { method: "POST", body: nightly })
      assert.deepStrictEqual([made.status, made.etag, made.json.schedule.version], [201, '"1"', 1])
      const one = `${all}/${made.json.schedule.id}`
      assert.deepStrictEqual([(yield* send(one)).etag, (yield* send(all)).json.schedules[0].version], ['"1"', 1])
      const patch = (body: object, tag?: string) =>
        send(one, { method: "PATCH", body, headers: tag === undefined ? {} : { "if-match": tag } })

      const without = yield* patch({ name: "Other" })
      assert.deepStrictEqual(
        [without.status, without.json.type, without.json.title],
        [428, "urn:atlas:problem:precondition-required", "Send the ETag of the schedule that you read as If-Match."]
      )
      const changed = yield* patch({ cron: "0 3 * * *" }, '"1"')
      assert.deepStrictEqual([changed.status, changed.etag, changed.json.schedule.cron], [200, '"2"', "0 3 * * *"])
      for (const tag of ['"1"', 'W/"2"', '"two"', '"1", "0"']) {
        const stale = yield* patch({ name: "Other" }, tag)
        assert.deepStrictEqual([stale.status, stale.json.version], [412, 2], tag)
      }
      for (const tag of ["garbage", "2", ""]) {
        const malformed = yield* patch({ name: "Other" }, tag)
        assert.deepStrictEqual([malformed.status, malformed.json.errors[0].pointer], [422, "/headers/if-match"], tag)
      }
      // Nobody is blamed for a tag that never was one.
      for (const tag of ['"7"', '"two"']) {
        const { changed, detail, title } = (yield* patch({ name: "Other" }, tag)).json
        assert.deepStrictEqual([title, changed], ["The schedule never had the version that was sent.", []])
        assert.match(detail, /^It has version 2 now\. It never had the version that was sent\./)
      }
      const stale = (yield* patch({ name: "Other" }, '"1"')).json
      assert.deepStrictEqual(stale.changed, ["cron"])
      assert.strictEqual(
        `${stale.title} ${stale.detail}`,
        "Somebody else changed the schedule meanwhile. It has version 2 now. Changed since: cron. " +
          "Read it again, then repeat your change."
      )
      assert.strictEqual((yield* send(one)).json.schedule.name, "Nightly")
      // A list of tags, and any version.
      assert.strictEqual((yield* patch({ name: "Third" }, '"1", "2"')).etag, '"3"')
      assert.strictEqual((yield* patch({ paused: true }, "*")).etag, '"4"')
      // One of them is enough, whichever it is.
      assert.strictEqual((yield* patch({ name: "Fourth" }, '"9", "4", "1"')).etag, '"5"')
      assert.strictEqual((yield* patch({ name: "Other" }, '"9", W/"5", "4"')).status, 412)

      const remove = (headers: Record<string, string>) => send(one, { method: "DELETE", headers })
      const statuses = [
        yield* remove({}),
        yield* remove({ "if-match": '"3"' }),
        yield* remove({ "if-match": '"6", "5"' })
      ]
      assert.deepStrictEqual(
        statuses.map(({ status }) => status),
        [428, 412, 204]
      )
    })
  )

  it.effect("is created once for an idempotency key, however often and at once it is asked for", () =>
    Effect.gen(function* () {
      const { all, send } = yield* mounted
      const post = (key: string, body: object) =>
        send(all, { method: "POST", body, headers: { "idempotency-key": key } })
      const answers = yield* Effect.all(
        Array.from({ length: 8 }, () => post("once", { ...nightly, name: "Once" })),
        { concurrency: "unbounded" }
      )
      const ids = new Set(answers.map(({ json }) => json.schedule.id))
      assert.deepStrictEqual([answers.map(({ status }) => status), ids.size], [Array(8).fill(201), 1])
      const [id] = ids
      const one = `${all}/${id}`
      const records = (yield* send(all)).json.schedules.filter((schedule: { name: string }) => schedule.name === "Once")
      assert.lengthOf(records, 1)
      // What it says is the same in any order of its members, and what has become of it meanwhile is shown.
      yield* send(one, { method: "PATCH", body: { cron: "0 3 * * *" }, headers: { "if-match": "*" } })
      const { cron, timeZone } = nightly
      const later = yield* post("once", { timeZone, cron, name: "Once" })
      assert.deepStrictEqual([later.json.schedule.id, later.json.schedule.cron, later.etag], [id, "0 3 * * *", '"2"'])
      assert.notStrictEqual((yield* post("another", { ...nightly, name: "Once" })).json.schedule.id, id)

      const reused = yield* post("once", { ...nightly, name: "Other" })
      assert.deepStrictEqual([reused.status, reused.json.type], [422, "urn:atlas:problem:idempotency-key-reused"])
      assert.strictEqual((yield* post("", nightly)).status, 422)
      // What is refused uses up no key.
      assert.strictEqual((yield* post("refused", { ...nightly, cron: "never" })).status, 422)
      assert.strictEqual((yield* post("refused", nightly)).status, 201)
      yield* send(one, { method: "DELETE", headers: { "if-match": "*" } })
      assert.strictEqual((yield* post("once", { ...nightly, name: "Once" })).status, 422)
    })
  )

  it.effect("that a form creates is one schedule, though the form is sent twice", () =>
    Effect.gen(function* () {
      const { send } = yield* mounted
      const path = "/tenants/contoso/backup-schedules"
      const keyIn = (text: string) => /name="idempotencyKey" value="([^"]+)"/.exec(text)?.[1] ?? ""
      const key = keyIn((yield* send(`${path}/new`)).text)
      const form = { ...nightly, idempotencyKey: key, skippedTime: "later", repeatedTime: "earlier", missed: "once" }
      const click = send(path, { method: "POST", form: { ...form, missedLimit: "10", name: "Clicked" } })
      assert.deepStrictEqual([(yield* click).status, (yield* click).status], [303, 303])
      assert.lengthOf((yield* send(path)).text.match(/>Clicked</g) ?? [], 1)
      // Whoever goes back and changes the form is asked whether that is another one.
      const other = { ...form, missedLimit: "10", name: "Another" }
      const again = yield* send(path, { method: "POST", form: other })
      assert.strictEqual(again.status, 422)
      assert.include(again.text, "This form has created a schedule already.")
      const anew = yield* send(path, { method: "POST", form: { ...other, idempotencyKey: keyIn(again.text) } })
      assert.strictEqual(anew.status, 303)
    })
  )

  it.effect("that twelve clients change at once is changed by one of them", () =>
    Effect.gen(function* () {
      const { all, create, send } = yield* mounted
      const one = `${all}/${yield* create}`
      const answers = yield* Effect.all(
        Array.from({ length: 12 }, (_, index) =>
          send(one, { method: "PATCH", body: { name: `Name ${index}` }, headers: { "if-match": '"1"' } })
        ),
        { concurrency: "unbounded" }
      )
      const statuses = answers.map(({ status }) => status)
      assert.sameMembers(statuses, [200, ...Array.from({ length: 11 }, () => 412)])
      const won = answers.find(({ status }) => status === 200)
      assert.strictEqual((yield* send(one)).json.schedule.name, won?.json.schedule.name)
    })
  )
})

const versionIn = (text: string) => /<input type="hidden" name="version" value="(\d+)"/.exec(text)?.[1]

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("a schedule on pages", (it) => {
  it.effect("that somebody else has changed keeps what was typed, and shows what changed", () =>
    Effect.gen(function* () {
      const { all, create, page, send } = yield* mounted
      const id = yield* create
      const form = yield* send(`${page(id)}/edit`)
      assert.strictEqual(versionIn(form.text), "1")
      const others = { timeZone: "Europe/Berlin", keepLast: null, types: ["scope_tags"] }
      yield* send(`${all}/${id}`, { method: "PATCH", body: others, headers: { "if-match": '"1"' } })
      const typed = {
        ...nightly,
        cron: "30 4 * * *",
        skippedTime: "later",
        repeatedTime: "earlier",
        missed: "once",
        missedLimit: "3",
        keepLast: "30",
        keepDays: ""
      }
      const stale = yield* send(page(id), { method: "POST", form: { ...typed, version: "1" } })
      assert.strictEqual(stale.status, 412)
      assert.include(stale.text, "Somebody else has changed this schedule meanwhile, and nothing of yours was saved.")
      const said = [...stale.text.matchAll(/<li>([^<]+): <b>([^<]*)<\/b><\/li>/g)].map(([, label, value]) => [
        label,
        value
      ])
      assert.deepStrictEqual(said, [
        ["Time zone", "Europe/Berlin"],
        ["What is backed up", "Scope tags"],
        ["Keep the last", "empty"]
      ])
      assert.include(stale.text, 'value="30 4 * * *"')
      assert.strictEqual((yield* send(`${all}/${id}`)).json.schedule.cron, nightly.cron)
      // Now the person knows, and saves it again.
      const version = versionIn(stale.text) ?? ""
      const saved = yield* send(page(id), { method: "POST", form: { ...typed, version } })
      assert.strictEqual(saved.status, 303)
      const { schedule } = (yield* send(`${all}/${id}`)).json
      assert.deepStrictEqual([schedule.cron, schedule.timeZone, schedule.keepLast], ["30 4 * * *", "UTC", 30])
    })
  )

  it.effect("that somebody else has changed is neither paused nor deleted before the person has seen it", () =>
    Effect.gen(function* () {
      const { all, create, page, send } = yield* mounted
      const id = yield* create
      const shown = [yield* send(page(id)), yield* send(`${page(id)}/delete`)]
      assert.deepStrictEqual(
        shown.map(({ text }) => versionIn(text)),
        ["1", "1"]
      )
      yield* send(`${all}/${id}`, { method: "PATCH", body: { cron: "0 3 * * *" }, headers: { "if-match": '"1"' } })
      for (const what of ["pause", "delete"]) {
        for (const form of [{ version: "1" }, {}]) {
          const stale = yield* send(`${page(id)}/${what}`, { method: "POST", form })
          assert.strictEqual(stale.status, 412, what)
          assert.include(stale.text, "<li>When: <b>0 3 * * *</b></li>")
          assert.strictEqual(versionIn(stale.text), "2")
        }
      }
      assert.isFalse((yield* send(`${all}/${id}`)).json.schedule.paused)
      assert.strictEqual((yield* send(`${page(id)}/pause`, { method: "POST", form: { version: "2" } })).status, 303)
      assert.strictEqual((yield* send(`${page(id)}/delete`, { method: "POST", form: { version: "3" } })).status, 303)
      assert.strictEqual((yield* send(`${all}/${id}`)).status, 404)
    })
  )
})
