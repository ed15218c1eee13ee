import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const packages = fileURLToPath(new URL("../../packages/", import.meta.url))

/** What no service sends while it serves: migrations, and the support of tests. */
const isService = (file: string) => file.endsWith(".ts") && !/\/(migrations|testing)\//.test(file)

/** The files below a folder, with slashes; links are not followed. */
const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(packages + folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]
  )

const template = /(?<![\w.])sql(?:<[^`;]*?>)?`/g
const comment = /^\s*(\*|\/\/)/

/** Every place in the sources of the packages where SQL is written as a template, as `file:line:column`. */
export const templates = (): ReadonlyArray<string> =>
  readdirSync(packages)
    .flatMap((name) => filesIn(`${name}/src`))
    .filter(isService)
    .flatMap((file) => {
      const source = readFileSync(packages + file, "utf8")
      return [...source.matchAll(template)].flatMap(({ 0: found, index }) => {
        const before = source.slice(0, index + found.length - 1)
        const lines = before.split("\n")
        const last = lines.at(-1) ?? ""
        return comment.test(last) ? [] : [`packages/${file}:${lines.length}:${last.length + 1}`]
      })
    })
