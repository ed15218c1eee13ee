/**
 * Requests and answers as the engine sees them, between the faces that carry them and the rules that make them: the types of
 * `FakeGraph.handle`. Below them are the answers that several parts of the engine give, in the shapes of Graph and Entra ID.
 *
 * @module
 */

/** A request to the engine. Header names are in lower case. */
export interface FakeRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/**
 * What a face does with an answer: send it, stop in the middle of the body, cut the connection there, never answer, or cut
 * the connection at once. `leftOut` is for batches only: the item has no answer.
 */
export type Delivery = "complete" | "hungBody" | "resetInBody" | "noAnswer" | "reset" | "leftOut"

/** An answer of the engine. */
export interface FakeReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly delivery: Delivery
  readonly delayMillis: number
  /** Why the fake refuses, for the ledger; nothing of it is sent. */
  readonly reason?: string
}

/** A JSON answer with a serialised body. */
export const jsonReply = (status: number, body: string): FakeReply => ({
  status,
  headers: { "content-type": "application/json;odata.metadata=minimal;charset=utf-8" },
  body,
  delivery: "complete",
  delayMillis: 0
})

/** An error in Graph's shape. */
export const errorReply = (status: number, code: string, message: string): FakeReply =>
  jsonReply(status, JSON.stringify({ error: { code, message, innerError: { code } } }))

/**
 * What Intune says of a missing permission: JSON in the message, with the scopes of which any suffices and an address of
 * Intune's own network.
 */
export const intuneRefusal = (scopes: ReadonlyArray<string>): string =>
  JSON.stringify({
    _version: 3,
    Message:
      "Application is not authorized to perform this operation. Application must have one of the following scopes: " +
      `${scopes.join(", ")} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - ` +
      "Url: https://fef.msua01.manage.microsoft.com/DeviceConfiguration_2411/StatelessDeviceConfigurationFEService"
  })

/** A refusal in the shape of Entra ID: `error` is OAuth's, `number` the AADSTS number. */
export const aadReply = (status: number, error: string, number: number, message: string): FakeReply =>
  jsonReply(
    status,
    JSON.stringify({
      error,
      error_description: `AADSTS${number}: ${message}`,
      error_codes: [number],
      correlation_id: ""
    })
  )
