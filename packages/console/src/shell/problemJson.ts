/**
 * An answer that is a problem (RFC 9457), for what is refused before any page or endpoint is reached.
 *
 * @param status of the answer
 * @param title what is wrong
 * @param detail what to do about it
 */
export const problemJson = (status: number, title: string, detail?: string): Response =>
  Response.json(
    { type: "about:blank", status, title, ...(detail === undefined ? {} : { detail }) },
    { status, headers: { "content-type": "application/problem+json" } }
  )
