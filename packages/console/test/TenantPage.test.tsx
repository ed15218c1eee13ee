import { BackupOperations } from "@atlas/intune"
import { type Capability, StartGate } from "@atlas/operations"
import { assert, it, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { renderToString } from "hono/jsx/dom/server"
import { Console } from "../src/index.ts"
import { intune } from "../src/intune/index.ts"
import type { Shell } from "../src/shell/Layout.tsx"
import { makeLinks } from "../src/shell/Links.ts"
import type { Surface } from "../src/tenants/SurfaceCard.tsx"
import { TenantPage } from "../src/tenants/TenantPage.tsx"
import { send } from "./journey.ts"
import { hostOptions, services } from "./Mounted.ts"

const origin = "https://host.example"
const shell: Shell = {
  actor: null,
  brand: "Atlas",
  notice: null,
  links: makeLinks("", ""),
  signIn: null,
  signOut: null
}

const restores = { path: "restores", label: "Restores", capability: "tenant.restore.view" } as const

const surface = {
  type: "restore.execute",
  label: "Restore",
  description: "Restores.",
  missingCapability: null,
  idempotencyKey: null,
  needsInput: true,
  startPage: restores,
  gate: StartGate.open,
  active: null,
  last: null
} satisfies Surface

const shown = (may: ReadonlySet<Capability>, surfaces: ReadonlyArray<Surface> = []) =>
  renderToString(
    TenantPage({
      shell,
      tenant: { id: "contoso", name: "Contoso", workspace: "Northwind" },
      pages: [{ path: "drift", label: "Drift" }, restores],
      capabilities: may,
      surfaces,
      recent: [],
      now: DateTime.makeUnsafe(0)
    })
  )

it("links no page that the person may not see, and says why", () => {
  const member = shown(new Set())
  assert.include(member, 'href="/tenants/contoso/drift"')
  assert.notInclude(member, 'href="/tenants/contoso/restores"')
  assert.match(member, /<button[^>]* disabled[^>]*>Restores<\/button>/)
  assert.match(member, /Your role does not allow this: it needs <code>tenant\.restore\.view<\/code>/)
  const viewer = shown(new Set(["tenant.restore.view"]))
  assert.include(viewer, 'href="/tenants/contoso/restores"')
  assert.notInclude(viewer, "Your role does not allow")
})

it("leads to the page where an operation is started, also those who may only look at it", () => {
  const missing = { ...surface, missingCapability: "tenant.restore.execute" }
  const viewer = new Set<Capability>(["tenant.restore.view"])
  assert.include(shown(viewer, [surface]), '<a class="button" href="/tenants/contoso/restores">Go to Restores</a>')
  const refused = shown(viewer, [missing])
  assert.include(refused, "Your role does not include “Restore”.")
  assert.notInclude(refused, "tenant.restore.execute")
  assert.include(refused, '<a class="button" href="/tenants/contoso/restores">View Restores</a>')
  const stranger = shown(new Set(), [missing])
  assert.include(stranger, "Your role does not include “Restore”.")
  assert.notInclude(stranger, "View Restores")
  assert.include(shown(new Set(), [surface]), "It is started on the page “Restores”, which your role does not include.")
})

it("shows what the person can start before everything else", () => {
  const card = (type: string, more: Partial<Surface>) => ({ ...surface, type, ...more })
  const page = shown(new Set<Capability>(["tenant.restore.view"]), [
    card("refused", { missingCapability: "tenant.restore.execute" }),
    card("elsewhere", {}),
    card("program", { startPage: null }),
    card("here", { needsInput: false })
  ])
  assert.deepStrictEqual(
    [...page.matchAll(/id="surface-(\w+)"/g)].map(([, type]) => type),
    ["elsewhere", "here", "refused", "program"]
  )
})

layer(services, { excludeTestServices: true, timeout: "60 seconds" })("the page of a tenant", (it) => {
  it.effect("leads to the restores, and has no card for what only Atlas starts", () =>
    Effect.gen(function* () {
      const console = yield* Console.make({ ...hostOptions(origin, ""), parts: [intune] })
      const mounted = {
        origin,
        basePath: "",
        fetch: (address: string | URL, init?: RequestInit) => console(new Request(address, init))
      }
      const page = yield* Effect.promise(async () => (await send(mounted, "ada", "/tenants/contoso")).text())
      assert.match(page, /<a class="button" href="[^"]*\/tenants\/contoso\/restores">/)
      assert.include(page, `surface-${BackupOperations.runNow.name}`)
      assert.notInclude(page, `surface-${BackupOperations.retention.name}`)
    })
  )
})
