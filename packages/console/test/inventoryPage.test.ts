import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { intune } from "../src/intune/index.ts"
import { Console } from "../src/index.ts"
import { send } from "./journey.ts"
import { hostOptions, services } from "./Mounted.ts"

const origin = "https://host.example"

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("the page of the inventory", (it) => {
  it.effect("says that a kind in its address is none, instead of listing all kinds without a word", () =>
    Effect.gen(function* () {
      const console = yield* Console.make({ ...hostOptions(origin, ""), parts: [intune] })
      const mounted = {
        origin,
        basePath: "",
        fetch: (address: string | URL, init?: RequestInit) => console(new Request(address, init))
      }
      const read = (query: string) =>
        Effect.promise(async () => (await send(mounted, "ada", `/tenants/contoso/inventory${query}`)).text())
      const odd = yield* read("?type=%3Cb%3Ecats")
      assert.include(odd, "There is no kind of policies “&lt;b&gt;cats”: all kinds are listed.")
      for (const query of ["", "?type=", "?type=scope_tags"]) assert.notInclude(yield* read(query), "There is no kind")
      // A platform that nothing has is a filter like any other, and shown as one.
      assert.match(yield* read("?platform=amiga"), /<option value="amiga" selected/)
    })
  )
})
