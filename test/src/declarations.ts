import { basename, dirname, join } from "node:path"
import { type EcmaScriptModule, type Node, parseSync, type Program, type PropertyKey, Visitor } from "oxc-parser"

/** What one declaration holds outside functions: its keys, and the types that it takes over. */
interface Held {
  readonly keys: ReadonlyArray<string>
  readonly types: ReadonlyArray<string>
}

const typeNames = (types: ReadonlyArray<Node>): ReadonlyArray<string> =>
  types.flatMap((type) => {
    if (type.type !== "TSTypeReference") return []
    const { typeName } = type
    return typeName.type === "TSQualifiedName"
      ? typeName.right.name
      : typeName.type === "Identifier"
        ? typeName.name
        : []
  })

const heldBy = (program: Program, statement: Program["body"][number]): Held => {
  const keys: Array<string> = []
  const types: Array<string> = []
  let functions = 0
  const enter = () => void functions++
  const exit = () => void functions--
  const add = ({ computed, key }: { readonly computed: boolean; readonly key: PropertyKey }) => {
    if (functions > 0 || computed) return
    if (key.type === "Identifier") keys.push(key.name)
    else if (key.type === "Literal") keys.push(String(key.value))
  }
  new Visitor({
    FunctionDeclaration: enter,
    "FunctionDeclaration:exit": exit,
    FunctionExpression: enter,
    "FunctionExpression:exit": exit,
    ArrowFunctionExpression: enter,
    "ArrowFunctionExpression:exit": exit,
    Property: add,
    PropertyDefinition: add,
    MethodDefinition: add,
    TSPropertySignature: add,
    TSMethodSignature: add,
    TSIntersectionType: (type) => void types.push(...typeNames(type.types)),
    TSInterfaceHeritage: ({ expression }) => void (expression.type === "Identifier" && types.push(expression.name))
  }).visit({ ...program, body: [statement] })
  return { keys, types }
}

const declaredBy = (statement: Node): ReadonlyArray<string> => {
  switch (statement.type) {
    case "ExportNamedDeclaration":
      return statement.declaration === null ? [] : declaredBy(statement.declaration)
    case "VariableDeclaration":
      return statement.declarations.flatMap(({ id }) => (id.type === "Identifier" ? id.name : []))
    case "ClassDeclaration":
    case "FunctionDeclaration":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return statement.id === null ? [] : [statement.id.name]
    default:
      return []
  }
}

/** The names at the top of a module: what it declares and what it imports. */
export const topNames = (file: string, text: string): ReadonlySet<string> => {
  const { module, program } = parseSync(file, text)
  const imported = module.staticImports.flatMap(({ entries }) => entries.map(({ localName }) => localName.value))
  return new Set([...program.body.flatMap(declaredBy), ...imported])
}

/** The modules that are imported or exported as a namespace, with the name that they get. */
const namespacesOf = ({ staticExports, staticImports }: EcmaScriptModule): ReadonlyArray<readonly [string, string]> => [
  ...staticImports.flatMap(({ entries, moduleRequest }) =>
    entries.flatMap(({ importName, localName }) =>
      importName.kind === "NamespaceObject" ? [[localName.value, moduleRequest.value] as const] : []
    )
  ),
  ...staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, importName, moduleRequest }) =>
      importName.kind === "All" && exportName.name !== null && moduleRequest !== null
        ? [[exportName.name, moduleRequest.value] as const]
        : []
    )
  )
]

const exportsOf = ({ staticExports }: EcmaScriptModule) =>
  staticExports.flatMap(({ entries }) => entries.flatMap(({ exportName }) => exportName.name ?? []))

/**
 * Whether a name has a member, such as `Runs` has `start`, as far as sources say so without their types: its declaration holds the
 * member or takes over a type that does, or a module that is called so exports it.
 */
export const memberTest = (sources: ReadonlyMap<string, string>): ((name: string, member: string) => boolean) => {
  const held = new Map<string, Array<Held>>()
  const add = (name: string, more: Held) => held.set(name, [...(held.get(name) ?? []), more])
  const parsed = new Map([...sources].map(([file, text]) => [file, parseSync(file, text)]))
  for (const [file, { module, program }] of parsed) {
    add(basename(file).replace(/\.tsx?$/, ""), { keys: exportsOf(module), types: [] })
    for (const [name, from] of namespacesOf(module)) {
      const target = parsed.get(join(dirname(file), from))
      if (target !== undefined) add(name, { keys: exportsOf(target.module), types: [] })
    }
    for (const statement of program.body) {
      for (const name of declaredBy(statement)) add(name, heldBy(program, statement))
    }
  }
  const has = (name: string, member: string, seen: ReadonlySet<string> = new Set()): boolean =>
    !seen.has(name) &&
    (held.get(name) ?? []).some(
      ({ keys, types }) => keys.includes(member) || types.some((type) => has(type, member, new Set([...seen, name])))
    )
  return (name, member) => has(name, member)
}
