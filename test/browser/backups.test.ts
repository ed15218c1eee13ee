import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { atlasWith, Browser, describeBrowser, openPage, signIn, startServer, TestDatabase } from "@atlas/test"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"

const folder = Effect.promise(() => mkdtemp(join(tmpdir(), "atlas-backup-")))

describeBrowser("backups", () => {
  layer(Layer.merge(Browser.layer, TestDatabase.layer), { excludeTestServices: true, timeout: "120 seconds" })((it) => {
    it.effect("are scheduled, made, looked at and deleted on pages without a script", () =>
      Effect.gen(function* () {
        const server = yield* startServer()
        const { page, problems } = yield* openPage(server.origin, { javaScriptEnabled: false })
        yield* Effect.promise(async () => {
          await signIn(page, "manager@northwind")
          await page.goto("/admin/tenants/contoso")
          await page.getByRole("link", { name: "Backup schedules" }).first().click()
          await page.getByRole("link", { name: "New schedule" }).click()
          await page.getByLabel("Name", { exact: true }).fill("Nightly")
          await page.getByLabel("When", { exact: true }).fill("99 2 * * *")
          // It counts for one choice only.
          const limit = page.getByLabel("How many of them are made up for at most")
          assert.isFalse(await limit.isVisible())
          await page.getByLabel("Times at which Atlas did not run").selectOption("all")
          assert.isTrue(await limit.isVisible())
          await page.getByLabel("Time zone").fill("America/New_York")
          await page.getByLabel("Scope tags", { exact: true }).check()
          await page.getByRole("button", { name: "Create the schedule" }).click()
          // What was typed is still there, with what is wrong.
          await page.getByText("This is not a cron expression").waitFor()
          assert.strictEqual(await page.getByLabel("Name", { exact: true }).inputValue(), "Nightly")
          assert.isTrue(await page.getByLabel("Scope tags", { exact: true }).isChecked())
          await page.getByLabel("When", { exact: true }).fill("30 2 * * *")
          await page.getByRole("button", { name: "Create the schedule" }).click()
          await page.getByRole("heading", { name: "Nightly" }).waitFor()
          await page
            .getByText(/^[-\d]+ 02:30 America\/New_York$/)
            .first()
            .waitFor()
          const address = page.url()
          await page.getByRole("button", { name: "Back up now" }).dblclick()
          await page.waitForURL("**/admin/operations/*")
          await page
            .getByText("Succeeded")
            .first()
            .waitFor({ timeout: 1_000 })
            .catch(() => undefined)
          for (let asked = 0; asked < 120 && !(await page.getByText("Succeeded").first().isVisible()); asked++) {
            await page.waitForTimeout(250)
            await page.reload()
          }
          await page.getByRole("definition").getByRole("link", { name: "Nightly" }).last().click()
          await page.waitForURL("**/backups/*")
          await page.getByText("Scope tags").first().waitFor()
          await page.getByRole("link", { name: "Default" }).click()
          await page.getByText('"displayName": "Default"').waitFor()
          await page.goto(address)
          // A double click was one click.
          assert.strictEqual(await page.getByRole("link", { name: "Back up now" }).count(), 1)
          await page.getByRole("button", { name: "Pause" }).click()
          await page.getByText("Paused", { exact: true }).waitFor()
          await page.getByRole("link", { name: "Delete…" }).click()
          await page.getByRole("button", { name: "Delete the schedule" }).click()
          await page.getByText("Nothing is backed up by itself yet").waitFor()
        })
        assert.deepStrictEqual(
          problems.filter((problem) => !problem.includes("422")),
          []
        )
      }).pipe(Effect.scoped)
    )
  })
})

describeBrowser("restores", () => {
  layer(Layer.merge(Browser.layer, TestDatabase.layer), { excludeTestServices: true, timeout: "120 seconds" })((it) => {
    it.effect("are planned, shown as differences, confirmed by the tenant's name, and linked with their runs", () =>
      Effect.gen(function* () {
        const settings = { ATLAS_SECRET: "one secret of more than 32 bytes, for both" }
        const server = yield* startServer(settings)
        const files = yield* folder
        // As somebody publishes an export: a scope tag that says something else.
        const tag = [
          { id: "1", displayName: "Region 1", description: "Everything", "@odata.context": "x" },
          { id: "2", displayName: "Region 2", description: null }
        ]
        yield* Effect.promise(() =>
          writeFile(
            join(files, "deviceManagement.roleScopeTags.json"),
            // PowerShell's way.
            Buffer.from(`\u{feff}${JSON.stringify({ value: tag })}`, "utf16le")
          )
        )
        const imported = yield* atlasWith(settings, "backup", "import", files, "--tenant", "contoso")
        assert.strictEqual(imported.code, 0, imported.stderr)
        const { page, problems } = yield* openPage(server.origin, { javaScriptEnabled: false })
        yield* Effect.promise(async () => {
          await signIn(page, "manager@northwind")
          await page.goto("/admin/tenants/contoso/backups")
          await page.getByRole("link", { name: /^Import/ }).click()
          await page.getByLabel("Choose Region 1").check()
          await page.getByLabel("Choose Region 2").check()
          await page.getByRole("button", { name: "Plan to restore what is chosen" }).click()
          const address = page.url()
          const until = async (text: string) => {
            for (let asked = 0; asked < 120 && !(await page.getByText(text).first().isVisible()); asked++) {
              await page.waitForTimeout(250)
              await page.goto(address)
            }
          }
          await until("1 policy to change")
          await page.getByText(/difference/).click()
          await page.getByText('"Everything"').waitFor()
          // What stays as it is does not hide what is written.
          assert.strictEqual(await page.getByRole("heading", { name: "Region 2" }).count(), 0)
          await page.getByRole("link", { name: "1 policy unchanged" }).click()
          await page.getByRole("heading", { name: "Region 2" }).waitFor()
          await page.goto(address)
          await page.getByLabel(/to confirm$/).fill("Fabrikam")
          await page.getByRole("button", { name: "Restore 1 policy" }).click()
          await page.getByText("This is not the tenant's name").waitFor()
          assert.strictEqual(await page.getByLabel(/to confirm$/).inputValue(), "Fabrikam")
          await page.getByLabel(/to confirm$/).fill("Contoso")
          await page.getByRole("button", { name: "Restore 1 policy" }).click()
          await until("1 policy restored, 0 failed, 1 left alone.")
          await page.getByText("Restored", { exact: true }).waitFor()
          await page.getByRole("link", { name: /^Before restoring/ }).click()
          await page.getByText("a restore, before it wrote").waitFor()
          await page.goto(address)
          await page.getByRole("link", { name: "this run" }).last().click()
          await page.getByText("Succeeded").first().waitFor()
          await page.getByRole("link", { name: "What is restored" }).click()
          await page.getByRole("heading", { name: "Restore", exact: true }).waitFor()
          // What the backup says is what the tenant has now, as far as the backup goes.
          await page.getByRole("link", { name: "Compare again" }).click()
          await page.getByRole("button", { name: "Compare" }).click()
          const found = page.url()
          for (let asked = 0; asked < 120 && !(await page.getByText("Added").first().isVisible()); asked++) {
            await page.waitForTimeout(250)
            await page.goto(found)
          }
          assert.strictEqual(await page.getByText("Changed", { exact: true }).count(), 0)
        })
        assert.deepStrictEqual(
          problems.filter((problem) => !problem.includes("422")),
          []
        )
      }).pipe(Effect.scoped)
    )
  })
})
