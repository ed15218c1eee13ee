import { readFileSync } from "node:fs"
import { parser } from "@prometheus-io/lezer-promql"
import { assert, describe, it } from "vitest"

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8")

/** Every metric that the packages define, with its kind. */
const defined = new Map(
  ["packages/operations/src/ledger/Metrics.ts", "packages/graph/src/requests/GraphMetrics.ts"]
    .flatMap((path) => [...read(path).matchAll(/(counter|gauge|histogram|timer)\(\s*"(atlas_\w+)"/g)])
    .map(([, kind = "", name = ""]) => [name, kind] as const)
)

/** The series that Prometheus has of a metric: https://prometheus.io/docs/concepts/metric_types/. */
const series = new Set(
  [...defined].flatMap(([name, kind]) =>
    kind === "histogram" || kind === "timer" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name]
  )
)

interface Panel {
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: ReadonlyArray<{ readonly expr: string }>
}
const dashboard = JSON.parse(read("docs/grafana/atlas-operations.json")) as { readonly panels: ReadonlyArray<Panel> }
const panels = dashboard.panels.filter(({ type }) => type !== "row")
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

describe("docs/operating.md", () => {
  it("lists exactly the metrics, with their kind and labels", () => {
    const listed = [...read("docs/operating.md").matchAll(/^\| `(atlas_\w+)` \| (\w+) \|/gm)]
    const expected = [...defined].map(([name, kind]) => [name, kind === "timer" ? "histogram" : kind])
    assert.sameDeepMembers(
      listed.map(([, name, kind]) => [name, kind]),
      expected
    )
  })

  it("names every label that a metric has", () => {
    const source = read("packages/operations/src/ledger/Metrics.ts")
    for (const label of ["type", "disposition", "outcome", "reason", "end", "status"]) {
      assert.include(source, label)
      assert.match(read("docs/operating.md"), new RegExp(`^\\| \`atlas_.*\`${label}\``, "m"))
    }
  })
})

describe("The Grafana dashboard", () => {
  it.each(expressions)("asks in PromQL that can be parsed: %s", (expression) => {
    const tree = parser.parse(expression.replaceAll("$__rate_interval", "5m"))
    const errors: Array<number> = []
    tree.iterate({ enter: (node) => void (node.type.isError && errors.push(node.from)) })
    assert.deepStrictEqual(errors, [])
  })

  it.each(expressions)("asks for series that there are: %s", (expression) => {
    const names = expression.match(/atlas_\w+/g) ?? []
    assert.isNotEmpty(names)
    assert.includeMembers([...series], names)
  })

  it("shows every metric of runs and workers", () => {
    const shown = new Set(expressions.flatMap((expression) => expression.match(/atlas_\w+/g) ?? []))
    for (const name of defined.keys())
      assert.isTrue(
        [...shown].some((each) => each.startsWith(name)),
        name
      )
  })

  it("says of each panel what it means, and lets none lie on another", () => {
    for (const { description = "", title } of panels) assert.isAbove(description.length, 5, title)
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`)
    )
    assert.strictEqual(new Set(cells).size, cells.length)
  })
})
