/**
 * Text becomes SQL in two places only: `literal` and `unsafe` of Effect's SQL client. Both take constants here: a text that stands
 * in the source as it is. A value, whatever its type says, may come from outside; it is bound (`${value}`), or chosen from constants.
 */

const isConstant = (node) =>
  (node.type === "Literal" && typeof node.value === "string") ||
  (node.type === "TemplateLiteral" && node.expressions.length === 0)

const takesText = new Set(["literal", "unsafe"])

// `sql.literal(…)`, `Statement.literal(…)`, `client.unsafe(…)`: what is called counts, not what it is called on. Schema's are no SQL.
const isSqlText = (callee) =>
  callee.type === "MemberExpression" &&
  (callee.computed
    ? callee.property.type === "Literal" && takesText.has(callee.property.value)
    : takesText.has(callee.property.name)) &&
  !(callee.object.type === "Identifier" && callee.object.name === "Schema")

// Under another name nobody sees what they are called with: `texts.map(sql.literal)`, `const { unsafe } = sql`.
const isHandedOn = (node) =>
  isSqlText(node) &&
  node.object.type === "Identifier" &&
  !(node.parent.type === "CallExpression" && node.parent.callee === node)
const takenApart = ({ properties }) =>
  properties.filter(({ key, type }) => type === "Property" && takesText.has(key.name ?? key.value))

// Lists of conditions take texts as well.
const takesTexts = new Set(["and", "or", "csv", "join"])
const isComposed = (node) =>
  (node.type === "TemplateLiteral" && node.expressions.length > 0) || node.type === "BinaryExpression"
const composedTexts = ({ callee, arguments: given }) =>
  callee.type === "MemberExpression" && !callee.computed && takesTexts.has(callee.property.name)
    ? given.flatMap((argument) => (argument.type === "ArrayExpression" ? argument.elements : [])).filter(isComposed)
    : []

const message = "SQL text must be a constant: bind the value, use sql(name) for a name, or choose among constants."

const constantText = {
  meta: { type: "problem", schema: [] },
  create: (context) => ({
    CallExpression(call) {
      const isConstantText = call.arguments.length > 0 && isConstant(call.arguments[0])
      for (const node of isSqlText(call.callee) && !isConstantText ? [call] : composedTexts(call)) {
        context.report({ node, message })
      }
    },
    MemberExpression(node) {
      if (isHandedOn(node)) context.report({ node, message })
    },
    ObjectPattern(pattern) {
      for (const node of takenApart(pattern)) context.report({ node, message })
    }
  })
}

export default { meta: { name: "sql" }, rules: { "constant-text": constantText } }
