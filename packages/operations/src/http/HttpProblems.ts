import { Cause, Effect, ErrorReporter, type Layer } from "effect"
import { HttpServerRespondable } from "effect/http"
import { HttpApiError, HttpApiMiddleware } from "effect/http-api"
import { problemsOf } from "../boundary/Decoding.ts"

/**
 * What an HTTP API answers where it cannot decode a request: a 400 that names the first twenty problems, each by the part of the
 * request and the path in it. Effect's own middleware names them all, and a short query can have thousands. What the API itself
 * cannot encode is reported, and a 500 without details.
 */
export const layer: Layer.Layer<HttpApiMiddleware.ProblemDetails> = HttpApiMiddleware.layerSchemaErrorTransform(
  HttpApiMiddleware.ProblemDetails,
  (error) => {
    if (error.kind === "Body" || error.kind === "ResponseHeaders") {
      const answer = HttpServerRespondable.toResponse(new HttpApiError.InternalServerErrorProblem())
      return Effect.andThen(ErrorReporter.report(Cause.fail(error)), answer)
    }
    const errors = problemsOf(error.cause.issue).map(({ detail, pointer }) => ({
      path: [error.kind.toLowerCase(), ...pointer.split("/").slice(1)],
      message: detail
    }))
    return Effect.fail(
      new HttpApiError.BadRequestProblem({
        detail: "Correct what the errors name, and send the request again.",
        errors
      })
    )
  }
)
