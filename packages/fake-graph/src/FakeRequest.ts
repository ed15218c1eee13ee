/** A request as both faces hand it to the engine. Header names are in lower case. */
export interface FakeRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/**
 * What the face does with an answer: send it, stop in the middle of the body, cut the connection there, never answer, or
 * cut the connection at once. `leftOut` concerns batches only: the item is missing from the answers.
 */
export type Delivery = "complete" | "hungBody" | "resetInBody" | "noAnswer" | "reset" | "leftOut"

/** An answer of the engine. */
export interface FakeReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly delivery: Delivery
  readonly delayMillis: number
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

/**
 * What Intune says of a missing permission: the scopes are in JSON within the message, next to an address of its own
 * network.
 *
 * @param scopes any of them would suffice
 */
export const intuneRefusal = (scopes: ReadonlyArray<string>): string =>
  JSON.stringify({
    _version: 3,
    Message:
      "Application is not authorized to perform this operation. Application must have one of the following scopes: " +
      `${scopes.join(", ")} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - ` +
      "Url: https://fef.msua01.manage.microsoft.com/DeviceConfiguration_2411/StatelessDeviceConfigurationFEService"
  })

/**
 * A refusal in the shape of Entra ID.
 *
 * @param status the status
 * @param error OAuth's error
 * @param number the AADSTS number
 * @param message for people
 */
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
