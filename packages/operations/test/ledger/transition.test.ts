import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { runEventKinds, RunStatus } from "../../src/index.ts"
import { type Transition, transitions } from "../../src/ledger/transition.ts"

const entries: ReadonlyArray<readonly [name: string, transition: Transition]> = Object.entries(transitions)
const page = readFileSync(new URL("../../../../docs/run-lifecycle.md", import.meta.url), "utf8")

/** The rows of the table whose first column is called so, without the marks of code. */
const rowsBelow = (heading: string) => {
  const lines = page.split("\n")
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} |`)) + 2
  const rows = lines.slice(first, lines.indexOf("", first))
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", ""))
  )
}

const statusOf = ({ leaves, enters }: Transition) => {
  const from = leaves.length === RunStatus.literals.length ? "any" : leaves.join(", ")
  return enters === null ? from : `${from} → ${enters}`.trim()
}

describe("the table of transitions", () => {
  it("is what the page about the life of a run says", () => {
    const said = rowsBelow("Transition").map((cells) => cells.slice(0, 5))
    const made = entries.map(([name, transition]) => [
      name,
      transition.event ?? "–",
      statusOf(transition),
      transition.fence,
      transition.attempt
    ])
    assert.deepStrictEqual(said, made)
  })

  it("is what that page draws", () => {
    const drawn = [...page.matchAll(/^ {2}(\S+) --> (\w+): (.*)$/gm)].flatMap(([, from, to, names = ""]) =>
      names.split(", ").map((name) => `${from} ${to} ${name}`)
    )
    const made = entries.flatMap(([name, { event, leaves, enters }]) =>
      event === null
        ? []
        : leaves.length === 0
          ? [`[*] ${enters} ${name}`]
          : leaves.map((status) => `${status} ${enters ?? status} ${name}`)
    )
    assert.sameMembers(drawn, made)
  })

  it("has every event of a timeline, and leaves a completed run as it ended", () => {
    const events = new Set(entries.flatMap(([, { event }]) => event ?? []))
    assert.sameMembers([...events], [...runEventKinds])
    for (const [name, { attempt, enters, fence, leaves }] of entries) {
      if (!leaves.includes("completed")) continue
      assert.deepStrictEqual([enters, attempt], [null, "kept"], name)
      assert.notInclude(fence, "rises", name)
    }
  })

  it("is the only way to change a run: no other module of the package writes one or its timeline", () => {
    const sources = new URL("../../src/", import.meta.url)
    const writes = /UPDATE\s+operation_runs|INSERT\s+INTO\s+operation_run_events/
    const writers = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter(
      (name) =>
        name.endsWith(".ts") &&
        !/^(migrations|testing)/.test(name) &&
        writes.test(readFileSync(new URL(name, sources), "utf8"))
    )
    assert.deepStrictEqual(writers, ["ledger/transition.ts"])
  })
})
