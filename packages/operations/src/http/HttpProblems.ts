/**
 * How HTTP APIs answer requests that they cannot decode: with the problem `InvalidRequest`, whatever is wrong with them. Every API
 * of Atlas' packages declares `Middleware` before its authentication and merges `annotations`, and every host of one provides
 * `layer`.
 *
 * @module
 */
import { Cause, Context, Effect, ErrorReporter, Layer } from "effect"
import { HttpServerRequest, HttpServerRespondable } from "effect/http"
import { HttpApi, HttpApiError, HttpApiMiddleware } from "effect/http-api"
import { invalidEach, jsonPointer, problemsOf, unknownMember } from "../boundary/Decoding.ts"
import { InvalidRequest, type InputIssue } from "../boundary/Problems.ts"

/** Answers requests that cannot be decoded. Declare it before the authentication: strangers are strangers first. */
export class Middleware extends HttpApiMiddleware.Service<Middleware>()("@atlas/operations/HttpProblems/Middleware", {
  error: [InvalidRequest, HttpApiError.InternalServerErrorProblem]
}) {}

const all = { errors: "all" } as const

/** All problems of a request are named, and a query parameter that a call does not know is one. */
export const annotations: Context.Context<HttpApi.ParseOptions | HttpApi.QueryParseOptions> = Context.make(
  HttpApi.ParseOptions,
  all
).pipe(Context.add(HttpApi.QueryParseOptions, { ...all, onExcessProperty: "error" }))

const refused = (part: string, errors: ReadonlyArray<InputIssue>) =>
  Effect.fail(
    new InvalidRequest({
      detail: "Correct what the errors name, and send the request again.",
      errors: errors.map(({ detail, pointer }) => ({ pointer: `/${part}${pointer}`, detail }))
    })
  )

const answerTo = (error: HttpApiError.HttpApiSchemaError) =>
  error.kind === "Body" || error.kind === "ResponseHeaders"
    ? Effect.andThen(
        ErrorReporter.report(Cause.fail(error)),
        HttpServerRespondable.toResponse(new HttpApiError.InternalServerErrorProblem())
      )
    : refused(error.kind.toLowerCase(), problemsOf(error.cause.issue))

/**
 * Answers an invalid request with a 400 that names the first twenty problems, each by a pointer into the request. If the API cannot
 * encode its own answer, that is reported, and the answer is a 500 without details.
 */
export const layer: Layer.Layer<Middleware> = Layer.succeed(Middleware, (answer, { endpoint }) =>
  Effect.gen(function* () {
    // Nothing decodes the query of a call that declares none.
    if (endpoint.query === undefined) {
      const names = Object.keys(yield* HttpServerRequest.ParsedSearchParams)
      const unknown = invalidEach(
        names.map((name) => jsonPointer([name])),
        unknownMember
      )
      if (names.length > 0) return yield* refused("query", unknown.errors)
    }
    return yield* answer
  }).pipe(Effect.catch((error) => (HttpApiError.HttpApiSchemaError.is(error) ? answerTo(error) : Effect.fail(error))))
)
