import { existsSync } from "node:fs"
import { readFile, rename } from "node:fs/promises"
import { randomUUID } from "node:crypto"
import { extname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build, type Plugin } from "esbuild"
import { Effect } from "effect"
import { inject } from "vitest"

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the run's bundles. */
    readonly bundles: string
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Files find what lies beside them by their own address, so each keeps its own. */
const addresses: Plugin = {
  name: "addresses",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8")
      return {
        contents: source.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
        loader: extname(path) === ".tsx" ? "tsx" : "ts"
      }
    })
}

const write = (program: string, outfile: string) =>
  build({
    absWorkingDir: root,
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    keepNames: true,
    plugins: [addresses],
    // Some dependencies are CommonJS, and call `require` for what is built into Node.
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url)`
    },
    logLevel: "error"
  })

/**
 * The path of a program of the workspace, as one file of JavaScript with everything that it imports: a process that runs it
 * starts in a fifth of the time. It is made when a test of the run first asks for it.
 *
 * @param program its path in the workspace, such as `apps/server/src/main.ts`
 */
export const bundle = (program: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    const path = join(inject("bundles"), `${program.replaceAll("/", "-")}.mjs`)
    if (existsSync(path)) return path
    // Another process of the run may be doing the same.
    const written = `${path}-${randomUUID()}.mjs`
    await write(program, written)
    await rename(written, path)
    return path
  })
