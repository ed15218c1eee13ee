import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, type Layer, Logger, type ManagedRuntime, Scope } from "effect"
import { afterAll } from "vitest"
import { directory } from "../src/directory/index.ts"
import { intune } from "../src/intune/index.ts"
import { Console } from "../src/index.ts"
import { legacy } from "../src/legacy/index.tsx"
import { toNodeHandler } from "../src/node/index.ts"
import type { HostOptions } from "../src/shell/Host.ts"
import type { Mounted } from "./journey.ts"
import { hostOptions, type services } from "./Mounted.ts"

export type NodeHandler = ReturnType<typeof toNodeHandler>

type Runtime = ManagedRuntime.ManagedRuntime<Layer.Success<typeof services>, Layer.Error<typeof services>>

export const basePath = "/ops/atlas"

interface Given {
  readonly options?: Partial<HostOptions>
  /** Takes each line of the log. */
  readonly log?: (line: string) => void
}

/** Makes a console as a program does that has promises only: its services live as long as the runtime. */
export const makeConsole = (runtime: Runtime, origin: string, { log = () => {}, options }: Given = {}) =>
  runtime.runPromise(
    Console.make({ ...hostOptions(origin, basePath), ...options, parts: [legacy, intune, directory] }).pipe(
      Effect.provideService(Scope.Scope, runtime.scope),
      Effect.provide(Logger.layer([Logger.map(Logger.formatLogFmt, log)]))
    )
  )

const listening = (listener: RequestListener) =>
  new Promise<Server>((resolve) => {
    const server = createServer(listener).listen(0, "127.0.0.1", () => resolve(server))
  })

/** Mounts a console in a server of Node, until the tests of the file have run. */
export const mountInServer = async (
  runtime: Runtime,
  wrap: (console: NodeHandler) => RequestListener,
  given?: Given
): Promise<Mounted> => {
  let listener: RequestListener = () => {}
  const server = await listening((request, response) => listener(request, response))
  afterAll(() => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  listener = wrap(toNodeHandler(await makeConsole(runtime, origin, given)))
  return { origin, basePath, fetch }
}
