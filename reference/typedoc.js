// @ts-check
import { readdirSync, readFileSync } from "node:fs"
import { Converter, ReflectionKind } from "typedoc"

const packages = new URL("../packages/", import.meta.url)

// Every entry of every package, so that none is forgotten: its file, and the name that people import.
const entries = readdirSync(packages).flatMap((folder) => {
  const { name, exports } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, packages), "utf8"))
  return Object.entries(exports).map(([path, file]) => ({
    file: `../packages/${folder}/${file.replace("./", "")}`,
    derived: `${folder}/${file.replace("./", "").replace(/(\/index)?\.tsx?$/, "")}`,
    name: name + path.slice(1)
  }))
})

/** @param {import("typedoc").Application} app */
const nameAsImported = (app) =>
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      module.name = entries.find(({ derived }) => derived === module.name)?.name ?? module.name
    }
  })

// TypeDoc's own check knows no comment that stands on a type or its first signature.
/** @param {import("typedoc").Application} app */
const requireComments = (app) =>
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const kinds = ReflectionKind.Class | ReflectionKind.Interface | ReflectionKind.Function | ReflectionKind.Variable
    for (const reflection of project.getReflectionsByKind(kinds)) {
      if (!reflection.isDeclaration() || !reflection.parent?.kindOf(ReflectionKind.SomeModule)) continue
      const { comment, signatures = [] } = reflection
      if (comment === undefined && signatures.every((signature) => signature.comment === undefined)) {
        app.logger.error(`${reflection.getFullName()} has no doc comment.`)
      }
    }
  })

/** @type {import("typedoc").TypeDocOptions} */
export default {
  name: "Atlas",
  entryPoints: entries.map(({ file }) => file),
  plugin: [nameAsImported, requireComments],
  tsconfig: "tsconfig.json",
  out: "html",
  readme: "none",
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  disableSources: true,
  validation: { invalidLink: true, notExported: false },
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  logLevel: "Warn"
}
