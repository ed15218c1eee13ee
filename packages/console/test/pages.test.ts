import { assert, it } from "@effect/vitest"
import { Hono } from "hono"
import { pageLimit, pageOf, policyAfter, policyParams } from "../src/intune/pages.ts"

const policies = (count: number) => Array.from({ length: count }, (_, index) => ({ source: "a/b", id: `${index} &?` }))

it("leads from page to page, and nowhere behind the last one", async () => {
  const app = new Hono().get("/drift", (c) => c.json(policyAfter(c)))
  const { items, nextHref } = pageOf(policies(pageLimit), "/drift", policyParams)
  assert.lengthOf(items, pageLimit - 1)
  assert.deepStrictEqual(await (await app.request(nextHref ?? "")).json(), items.at(-1))
  assert.isNull(await (await app.request("/drift")).json())
  for (const count of [0, pageLimit - 1])
    assert.isNull(pageOf(policies(count), "/drift", policyParams).nextHref, `${count}`)
})
