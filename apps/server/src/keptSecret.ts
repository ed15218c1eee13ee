import { randomBytes, randomUUID } from "node:crypto"
import { link, readFile, rm, writeFile } from "node:fs/promises"

const unless = (code: string) => (error: NodeJS.ErrnoException) => {
  if (error.code !== code) throw error
  return null
}

/**
 * A random secret that is created once and kept in a file. If several processes create it at once, the first one wins, and
 * nobody ever reads half of it.
 *
 * @param file in a folder that exists
 * @param bytes of randomness
 */
export const keptSecret = async (file: string, bytes: number): Promise<string> => {
  const kept = await readFile(file, "utf8").catch(unless("ENOENT"))
  if (kept !== null) return kept
  const unfinished = `${file}-${randomUUID()}`
  await writeFile(unfinished, randomBytes(bytes).toString("base64url"), { mode: 0o600 })
  await link(unfinished, file).catch(unless("EEXIST"))
  await rm(unfinished)
  return readFile(file, "utf8")
}
