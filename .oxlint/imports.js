/**
 * Imports are declarations. Which package and which part may import what is checked (`no-restricted-imports`) on declarations alone,
 * so `import("…")` would go round it: as a type, an `import type` says the same; as a call, it loads a file beside its own.
 */

const isBeside = (source) =>
  source.type === "Literal" && typeof source.value === "string" && /^\.\/[^/]+$/.test(source.value)

const declared = {
  meta: { type: "problem", schema: [] },
  create: (context) => ({
    TSImportType(node) {
      context.report({ node, message: "Declare what you import: use `import type … from`." })
    },
    ImportExpression(node) {
      if (isBeside(node.source)) return
      context.report({ node, message: 'Declare what you import, or load a file beside this one: import("./Name.ts").' })
    }
  })
}

export default { meta: { name: "imports" }, rules: { declared } }
