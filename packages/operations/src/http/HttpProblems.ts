/**
 * How HTTP APIs answer requests that they cannot decode. Every API of Atlas' packages provides it. Effect's own middleware
 * names all problems, and a short query can have thousands.
 *
 * @module
 */
import { Cause, Effect, ErrorReporter, type Layer } from "effect"
import { HttpServerRespondable } from "effect/http"
import { HttpApiError, HttpApiMiddleware } from "effect/http-api"
import { problemsOf } from "../boundary/Decoding.ts"

/**
 * Answers an invalid request with a 400 that names the first twenty problems, each by part of the request and path. If the API
 * cannot encode its own answer, that is reported, and the answer is a 500 without details.
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
