import { Effect, Schedule } from "effect"
import type { ServerProcess } from "./ServerProcess.ts"

/** The headers of an API request made by a demonstration account. */
export const as = (account: string) => ({ authorization: `Bearer dev:${account}`, "content-type": "application/json" })

/** One request, and its answer with the body read; never follows a redirect. */
export const call = (server: ServerProcess, path: string, init: RequestInit = {}) =>
  Effect.promise(async () => {
    const response = await fetch(`${server.origin}${path}`, { redirect: "manual", ...init })
    const text = await response.text()
    const isJson = response.headers.get("content-type")?.includes("json") ?? false
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
  })

/** Starts the groups sync of a tenant. */
export const start = (server: ServerProcess, tenant: string, account = "operator@northwind", input: object = {}) =>
  call(server, `/api/v1/tenants/${tenant}/operations/directory_groups.sync`, {
    method: "POST",
    headers: as(account),
    body: JSON.stringify({ input })
  })

/** Reads from the API. */
export const get = (server: ServerProcess, path: string, account = "operator@northwind") =>
  call(server, `/api/v1${path}`, { headers: as(account) })

/** The run once it is completed. */
export const completed = (server: ServerProcess, id: string, account = "operator@northwind") =>
  get(server, `/operations/${id}`, account).pipe(
    Effect.repeat({ until: ({ body }) => body?.status === "completed", schedule: Schedule.spaced("50 millis") }),
    Effect.timeout("60 seconds"),
    Effect.map(({ body }) => body)
  )
