/**
 * Text becomes SQL in few places: `literal`, `unsafe`, `returning` and what joins lists. They take constants here, a text that stands
 * in the source as it is. A value, whatever its type says, may come from outside; it is bound (`${value}`), or chosen from constants.
 * So that all these places can be seen, a client is called `sql` everywhere, and its members are named in the source.
 */

const bare = (node) => (/^(TS(As|NonNull|Satisfies)|Chain)Expression$/.test(node.type) ? bare(node.expression) : node)

const constantOf = (node) => {
  if (node.type === "Literal" && typeof node.value === "string") return node.value
  return node.type === "TemplateLiteral" && node.expressions.length === 0 ? node.quasis[0].value.cooked : undefined
}
const isConstant = (node) => constantOf(node) !== undefined

// Of a member or a property; undefined if it is known at run time only.
const nameOf = ({ computed, property, key = property }) =>
  computed || key.type === "Literal" ? constantOf(key) : key.name

// `SqlClient.SqlClient`: as a value the client's tag, as a type the client.
const isTag = ({ object, property, left = object, right = property }) =>
  /^(Sql|Pg)Client$/.test(right?.name) && left?.name === right.name

const isGet = (node) => node.type === "MemberExpression" && ["get", "getUnsafe", "getOrElse"].includes(nameOf(node))
const isCopy = (node, name) => node.type === "MemberExpression" && nameOf(node) === name && isClient(node.object)

const isClient = (given) => {
  const node = bare(given)
  switch (node.type) {
    case "Identifier":
      return node.name === "sql" || node.name === "Statement"
    case "YieldExpression":
      return node.argument !== null && isTag(node.argument)
    case "CallExpression":
      return isCopy(node.callee, "withoutTransforms") || (isGet(node.callee) && node.arguments.some(isTag))
    case "MemberExpression":
      return /^(sql|Statement)$/.test(nameOf(node)) || isCopy(node, "safe")
    default:
      return false
  }
}

// What is called counts, not what it is called on. Schema's literals are no SQL.
const takesText = new Set(["literal", "unsafe"])
const isText = (node) =>
  node.type === "MemberExpression" && takesText.has(nameOf(node)) && node.object.name !== "Schema"

const textsOf = ({ callee, arguments: given }) => {
  if (callee.type !== "MemberExpression") return []
  if (isText(callee) || nameOf(callee) === "returning") return given.slice(0, 1)
  if (!isClient(callee.object)) return []
  if (nameOf(callee) === "csv") return given.slice(0, -1)
  return nameOf(callee) === "join" ? given.filter((_, index) => index !== 1) : []
}

// Lists of conditions take texts as well.
const takesTexts = new Set(["and", "or", "csv", "join"])
const isComposed = (node) =>
  (node.type === "TemplateLiteral" && node.expressions.length > 0) || node.type === "BinaryExpression"
const composedTexts = ({ callee, arguments: given }) =>
  callee.type === "MemberExpression" && takesTexts.has(nameOf(callee))
    ? given.flatMap((argument) => (argument.type === "ArrayExpression" ? argument.elements : [])).filter(isComposed)
    : []

// `Effect.map(SqlClient.SqlClient, (sql) => …)`, `SqlClient.SqlClient.use((sql) => …)`, `….pipe(Effect.map((sql) => …))`.
const givenClients = ({ callee, arguments: given }) =>
  given.some(isTag) || (callee.type === "MemberExpression" && isTag(callee.object))
    ? given
        .flatMap((argument) => (argument.type === "CallExpression" ? argument.arguments : argument))
        .flatMap(({ params = [] }) => params.slice(0, 1))
    : []

// `const db = sql`, `const { [name]: query } = sql`, `const { ...all } = sql`.
const hidesClient = (binding) =>
  binding.type === "Identifier"
    ? binding.name !== "sql"
    : binding.type === "ObjectPattern" &&
      binding.properties.some((property) => property.type === "RestElement" || nameOf(property) === undefined)

const constant = "SQL text must be a constant: bind the value, use sql(name) for a name, or choose among constants."
const named = "Call the SQL client `sql`, the module `Statement`, and name the members that you use in the source."

const constantText = {
  meta: { type: "problem", schema: [] },
  create: (context) => {
    const report = (nodes, message) => nodes.forEach((node) => context.report({ node, message }))
    const reportHidden = (bindings) => report(bindings.filter(hidesClient), named)
    return {
      CallExpression(call) {
        report([...textsOf(call).filter((text) => !isConstant(text)), ...composedTexts(call)], constant)
        const reflects = /^(Reflect|Object)$/.test(call.callee.object?.name)
        report(reflects ? call.arguments.filter(isClient) : [], named)
        reportHidden(givenClients(call))
      },
      MemberExpression(node) {
        const isCalled = node.parent.type === "CallExpression" && node.parent.callee === node
        // Under another name nobody sees what it is called with: `texts.map(sql.literal)`.
        const isHandedOn = !isCalled && (isClient(node.object) || bare(node.object).type === "Identifier")
        if (isHandedOn && isText(node)) report([node], constant)
        if (nameOf(node) === undefined && isClient(node.object)) report([node], named)
      },
      ObjectPattern({ properties }) {
        report(
          properties.filter((property) => property.type === "Property" && takesText.has(nameOf(property))),
          constant
        )
      },
      // A segment made by hand: `Statement.fragment([{ _tag: "Literal", value }])`.
      Property(node) {
        if (nameOf(node) === "_tag" && constantOf(node.value) === "Literal") report([node], constant)
      },
      VariableDeclarator({ id, init }) {
        if (init !== null && isClient(init)) reportHidden([id])
      },
      "AssignmentExpression, AssignmentPattern"({ left, right }) {
        if (isClient(right)) reportHidden([left])
      },
      SpreadElement(node) {
        if (isClient(node.argument)) report([node], named)
      },
      TSTypeReference({ typeName, parent }) {
        if (isTag(typeName) && parent.type === "TSTypeAnnotation") reportHidden([parent.parent])
      },
      ImportSpecifier({ imported, local, parent }) {
        if (!parent.source.value.startsWith("effect/sql")) return
        if (takesText.has(imported.name) || takesTexts.has(imported.name)) report([local], constant)
        if (imported.name !== local.name) report([local], named)
      }
    }
  }
}

export default { meta: { name: "sql" }, rules: { "constant-text": constantText } }
