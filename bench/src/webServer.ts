import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer, type AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"

/** A reference server in a process of its own. */
export interface WebServer extends AsyncDisposable {
  readonly origin: string
}

const root = fileURLToPath(new URL("../..", import.meta.url))

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const ready = async (origin: string): Promise<void> => {
  const answer = await fetch(`${origin}/readyz`).catch(() => undefined)
  if (answer?.status === 200) return
  await new Promise((resolve) => setTimeout(resolve, 50))
  return ready(origin)
}

/** Starts a server, pages and worker, on a database, and waits until it is ready. */
export const startWebServer = async (databaseUrl: string): Promise<WebServer> => {
  const port = await freePort()
  const child = spawn(process.execPath, ["--import", "tsx", "apps/server/src/main.ts"], {
    cwd: root,
    env: { PATH: process.env["PATH"], DATABASE_URL: databaseUrl, PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit"]
  })
  const exit = once(child, "exit")
  const origin = `http://127.0.0.1:${port}`
  await Promise.race([ready(origin), exit.then(() => Promise.reject(new Error("The server ended.")))])
  return {
    origin,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM")
      await exit
    }
  }
}
