import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { directory } from "../src/directory/index.ts"
import { intune } from "../src/intune/index.ts"
import { Console } from "../src/index.ts"
import { hostOptions, services } from "./Mounted.ts"

const origin = "https://host.example"

const calls: ReadonlyArray<readonly [method: string, path: string, unknown: ReadonlyArray<string>]> = [
  ["GET", "operations?limits=5&limit=5", ["/query/limits"]],
  ["GET", "operations/types?a~b/c=1&dryRun", ["/query/a~0b~1c", "/query/dryRun"]],
  ["POST", "tenants/contoso/operations/test.work?dryRun=true", ["/query/dryRun"]],
  ["GET", "tenants/contoso/directory/groups?page=2&limit=0", ["/query/limit", "/query/page"]],
  ["GET", "tenants/contoso/directory/groups/x?select=id", ["/query/select"]],
  ["GET", "tenants/contoso/backups?after=1", ["/query/after"]],
  ["DELETE", "tenants/contoso/backup-schedules/x?force=1", ["/query/force"]]
]

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("a parameter that a call does not know", (it) => {
  it.effect("is refused in every API, for people who may call it", () =>
    Effect.gen(function* () {
      const console = yield* Console.make({ ...hostOptions(origin, ""), parts: [intune, directory] })
      const send = (method: string, path: string, headers: Record<string, string>) =>
        Effect.promise(async () => {
          const sent = { origin, "content-type": "application/json", ...headers }
          const body = method === "POST" ? { body: "{}" } : {}
          const answer = await console(new Request(`${origin}/api/v1/${path}`, { method, headers: sent, ...body }))
          return { status: answer.status, problem: await answer.json() }
        })
      for (const [method, path, unknown] of calls) {
        const { problem, status } = yield* send(method, path, { cookie: "user=ada" })
        assert.deepStrictEqual([status, problem.type], [400, "urn:atlas:problem:invalid-request"], path)
        const pointers = problem.errors.map(({ pointer }: { readonly pointer: string }) => pointer)
        assert.sameMembers(pointers, [...unknown], path)
        // Strangers learn nothing of the call.
        assert.strictEqual((yield* send(method, path, {})).status, 401, path)
      }
      const many = Array.from({ length: 30 }, (_, index) => `p${index}=`).join("&")
      const { problem } = yield* send("GET", `operations/types?${many}`, { cookie: "user=ada" })
      assert.lengthOf(problem.errors, 20)
    })
  )
})
