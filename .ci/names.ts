/**
 * Names that two packages give to different things: a type, class, constant or component whose name begins with a capital and that
 * is declared and exported in two of them. Whoever reads both takes the one for the other. Fails with the files.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseSync } from "oxc-parser"

const top = join(import.meta.dirname, "..")

/** The capitalised names that a module declares and exports itself. */
const declaredIn = (file: string) =>
  parseSync(file, readFileSync(join(top, file), "utf8")).module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName: { name }, moduleRequest }) =>
      moduleRequest === null && name !== null && /^[A-Z]/.test(name) ? [name] : []
    )
  )

const sources = ["packages", "apps"].flatMap((folder) =>
  readdirSync(join(top, folder)).map((name) => join(folder, name))
)
const homes = new Map<string, Map<string, string>>()
for (const source of sources) {
  for (const path of readdirSync(join(top, source, "src"), { recursive: true, encoding: "utf8" })) {
    if (!/\.tsx?$/.test(path)) continue
    const file = join(source, "src", path)
    for (const name of declaredIn(file))
      homes.set(name, (homes.get(name) ?? new Map<string, string>()).set(source, file))
  }
}

const twice = [...homes].filter(([, files]) => files.size > 1)
for (const [name, files] of twice) {
  console.error(
    `${name} means something else in each of: ${[...files.values()].join(", ")}. Give one of them another name.`
  )
}
if (twice.length > 0) process.exit(1)
console.log(`${homes.size} names, each of one package.`)
