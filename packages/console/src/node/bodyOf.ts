import type { IncomingMessage } from "node:http"

const fieldsOf = (name: string, value: unknown): ReadonlyArray<[name: string, value: string]> => {
  if (Array.isArray(value)) return value.flatMap((each) => fieldsOf(name, each))
  if (typeof value === "string") return [[name, value]]
  return Object.entries(value ?? {}).flatMap(([key, inner]) => fieldsOf(`${name}[${key}]`, inner))
}

const formOf = (body: object) =>
  new URLSearchParams(Object.entries(body).flatMap(([name, value]) => [...fieldsOf(name, value)])).toString()

/**
 * The body of a request that a framework has read already, as it was sent: JSON and forms are written again. Undefined if it
 * can still be read from the request.
 *
 * @param body what a parser made of it
 */
export const bodyOf = (incoming: IncomingMessage, body: unknown): Buffer | undefined => {
  if (!incoming.readableDidRead || body === undefined) return undefined
  if (Buffer.isBuffer(body)) return body
  if (typeof body === "string") return Buffer.from(body)
  const type = incoming.headers["content-type"] ?? ""
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(type)
  return Buffer.from(isForm && typeof body === "object" && body !== null ? formOf(body) : JSON.stringify(body))
}
