import { hostileValues } from "@atlas/test"
import { Effect, ManagedRuntime } from "effect"
import express from "express"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"
import { type Mounted, post, send } from "./journey.ts"
import { basePath, mountInServer } from "./mount.ts"
import { hostOptions, services, work } from "./Mounted.ts"

const runtime = ManagedRuntime.make(services)
afterAll(() => runtime.dispose())

const right = hostOptions("https://host.example", basePath)
let actorOf: (request: Request) => unknown
let tenantsOf: (actor: { readonly id: string }) => unknown
let lines: Array<string> = []

/** As JavaScript has it: nothing says what the functions answer. */
const untyped = {
  actorOf: (request: Request) => actorOf(request) as null,
  tenantsOf: (actor: { readonly id: string }) => tenantsOf(actor) as []
}

let mounted: Mounted
beforeAll(async () => {
  const inExpress = (console: express.Handler) => express().use(basePath, console)
  mounted = await mountInServer(runtime, inExpress, { options: untyped, log: (line) => void lines.push(line) })
})
beforeEach(() => {
  actorOf = right.actorOf
  tenantsOf = right.tenantsOf as typeof tenantsOf
  lines = []
})

const pages = () => send(mounted, "ada", `${basePath}/tenants`)
const forms = () =>
  post(mounted, "ada", `${basePath}/tenants/contoso/operations/${work.name}`, {
    input: "{}",
    idempotencyKey: crypto.randomUUID()
  })
const calls = () => send(mounted, "ada", `${basePath}/api/v1/operations`)

/** A whole answer that says nothing of what the host did wrong. */
const assertSorry = async (answer: Response, type: string, what: string) => {
  const text = await answer.text()
  assert.deepStrictEqual([answer.status, answer.headers.get("content-type")?.toLowerCase()], [500, type], what)
  assert.include(text, "Something went wrong on our side.", what)
  assert.notMatch(text, /actorOf|tenantsOf|Expected|password/, what)
  if (type.startsWith("text/html")) assert.isTrue(text.trimEnd().endsWith("</html>"), what)
}
const page = "text/html; charset=utf-8"
const problem = "application/problem+json"

/** The one error in the log. No secret of an answer is in it. */
const loggedError = (what: string) => {
  const errors = lines.filter((each) => each.includes("level=ERROR"))
  assert.lengthOf(errors, 1, what)
  assert.notInclude(lines.join("\n"), "hunter2", what)
  return errors.join("")
}

const secret = "password=hunter2hunter2"
const fails = async (): Promise<never> => {
  throw new Error(`The store of sessions does not answer: ${secret}`)
}

const actors: ReadonlyArray<readonly [what: string, answer: () => unknown, sentence: string]> = [
  ["a text", () => secret, "gave a wrong answer: /: Expected object"],
  ["no kind", () => ({ id: "ada", name: secret }), "gave a wrong answer: /kind: Required"],
  [
    "several problems",
    async () => ({ id: "", kind: "person" }),
    String.raw`gave a wrong answer: /id: Expected a value with a length of at least 1; /kind: Expected \"user\" | \"system\"; /name: Required`
  ],
  ["an exception", fails, "failed"],
  ["a text that is thrown", () => Promise.reject("nope"), "failed"],
  ["an effect that fails", () => Effect.fail({ status: 404, title: "Not so" }), "failed"]
]

const tenants: typeof actors = [
  ["nothing", () => undefined, "gave a wrong answer: /: Expected array"],
  ["an object", async () => ({ contoso: "Contoso" }), "gave a wrong answer: /: Expected array"],
  [
    "a member that is no tenant",
    () => Effect.succeed([{ id: "contoso", name: "Contoso", workspace: secret }, 7, { id: "" }]),
    "gave a wrong answer: /1: Expected object; /2/id: Expected a value with a length of at least 1; " +
      "/2/name: Required; /2/workspace: Required"
  ],
  [
    "many members that are no tenants",
    () => Array.from({ length: 30 }, () => 7),
    `gave a wrong answer: ${Array.from({ length: 20 }, (_, index) => `/${index}: Expected object`).join("; ")}; ` +
      "There are more problems: these are the first 20."
  ],
  ["an exception", fails, "failed"]
]

describe("a host's wrong answer", () => {
  it.each(actors)("of who makes a request is a fault of the host: %s", async (what, answer, sentence) => {
    actorOf = answer
    for (const [ask, type] of [
      [pages, page],
      [forms, page],
      [calls, problem]
    ] as const) {
      lines = []
      await assertSorry(await ask(), type, what)
      assert.include(loggedError(what), `The option actorOf of the console ${sentence}`, what)
    }
  })

  it.each(tenants)("of the tenants is a fault of the host: %s", async (what, answer, sentence) => {
    tenantsOf = answer
    await assertSorry(await pages(), page, what)
    assert.include(loggedError(what), `The option tenantsOf of the console ${sentence}`, what)
  })

  it("takes down nothing, whatever it is", async () => {
    for (const [what, value] of Object.entries(hostileValues)) {
      actorOf = () => value
      const nobody = value === null || value === undefined
      for (const ask of [pages, forms]) assert.strictEqual((await ask()).status, nobody ? 302 : 500, what)
      assert.strictEqual((await calls()).status, nobody ? 401 : 500, what)
      actorOf = right.actorOf
      tenantsOf = () => value
      assert.strictEqual((await pages()).status, what === "an empty list" ? 200 : 500, what)
    }
    tenantsOf = right.tenantsOf as typeof tenantsOf
    assert.strictEqual((await pages()).status, 200)
  })

  it("may say more than is asked", async () => {
    actorOf = () => ({ id: "ada", kind: "user", name: "", mail: "ada@contoso.example" })
    tenantsOf = () => [{ id: "contoso", name: "Contoso", workspace: "Northwind", plan: 7 }]
    assert.strictEqual((await pages()).status, 200)
    assert.strictEqual((await forms()).status, 303)
  })
})
