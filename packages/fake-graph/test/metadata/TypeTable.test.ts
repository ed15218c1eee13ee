import { expect, it } from "vitest"
import { fakeResources } from "../../src/tenant/FakeResources.ts"
import { typeTable } from "./publishedTypes.ts"

const children = fakeResources.flatMap((resource) =>
  Object.entries(resource.children).flatMap(([name, { inside }]) => (inside === undefined ? [name] : [name, inside]))
)

const module = (table: string) => `/**
 * The types of Microsoft Graph that the fake's collections can hold: one a paragraph, with the type that it extends in parentheses
 * and its members. \`+\` is only in beta and \`-\` only in v1.0; \`>\` is a navigation, \`:\` the type of a member, \`[]\` a collection.
 * Two bases are those of v1.0 and beta. Made from Microsoft's npm packages, and what these lack, by
 * \`pnpm --filter @atlas/fake-graph metadata\`.
 *
 * @module
 */

/** The types, for \`TypeModel\`. */
export const typeTable = \`
${table}
\`
`

it("the table of types is what Microsoft's packages say", async () => {
  const roots = fakeResources.map(({ type }) => type)
  await expect(module(typeTable(roots, new Set(children)))).toMatchFileSnapshot("../../src/metadata/typeTable.ts")
})
