/** A method and a path, with `:name` for what varies. */
export interface Route {
  readonly method: string
  readonly path: string
}

/**
 * Makes the function that says which methods an address takes: none if nothing answers there. Routes of every method are left
 * out, because they answer each request.
 */
export const makeMethodsAt = (routes: ReadonlyArray<Route>): ((path: string) => ReadonlyArray<string>) => {
  const known = routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => ({ methods: method === "GET" ? ["GET", "HEAD"] : [method], segments: path.split("/") }))
  return (path) => {
    const given = path.split("/")
    const fits = (segments: ReadonlyArray<string>) =>
      segments.length === given.length &&
      segments.every((segment, at) => (segment.startsWith(":") ? given[at] !== "" : segment === given[at]))
    return [...new Set(known.filter(({ segments }) => fits(segments)).flatMap(({ methods }) => methods))].sort()
  }
}

/** What an answer to a request with another method says (RFC 9110, section 15.5.6), as a problem and as a header. */
export const otherMethod = (method: string, allowed: ReadonlyArray<string>) => {
  const allow = allowed.join(", ")
  return { title: `This address does not take ${method}.`, detail: `Send one of these methods: ${allow}.`, allow }
}
