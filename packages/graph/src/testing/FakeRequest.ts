/** A request as both faces hand it to the engine. Header names are in lower case. */
export interface FakeRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** What the face does with an answer: send it, stop in the middle of the body, never answer, or cut the connection. */
export type Delivery = "complete" | "hungBody" | "noAnswer" | "reset"

/** An answer of the engine. */
export interface FakeReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly delivery: Delivery
  readonly delayMillis: number
}

/** One line of the ledger. */
export interface FakeLedgerEntry {
  readonly method: string
  readonly path: string
  readonly query: string
  /** The Entra tenant, as far as the token or the path tells. */
  readonly tenant: string | undefined
  readonly hadBearer: boolean
  readonly consistencyLevel: string | undefined
  readonly clientRequestId: string | undefined
  readonly status: number
}

/**
 * A JSON answer.
 *
 * @param status the status
 * @param body already serialised
 */
export const jsonReply = (status: number, body: string): FakeReply => ({
  status,
  headers: { "content-type": "application/json;odata.metadata=minimal;charset=utf-8" },
  body,
  delivery: "complete",
  delayMillis: 0
})

/**
 * An error in Graph's shape.
 *
 * @param status the status
 * @param code Graph's code
 * @param message for people
 */
export const errorReply = (status: number, code: string, message: string): FakeReply =>
  jsonReply(status, JSON.stringify({ error: { code, message, innerError: { code } } }))
