/**
 * Problems as JSON (RFC 9457), for what is refused before it reaches a page or a call. The console's guard, the API and hosts
 * answer with it.
 *
 * @module
 */

/**
 * A problem as an answer.
 *
 * @param title what is wrong
 * @param detail what to do about it
 */
export const problemJson = (status: number, title: string, detail?: string): Response =>
  Response.json(
    { type: "about:blank", status, title, ...(detail === undefined ? {} : { detail }) },
    { status, headers: { "content-type": "application/problem+json" } }
  )
