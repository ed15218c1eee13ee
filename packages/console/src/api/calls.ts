import { Problems } from "@atlas/operations"
import { HttpApi, type HttpApiEndpoint } from "effect/http-api"
import type { Route } from "../shell/methods.ts"

/** A call of the API. */
export interface Call extends Route {
  /** Only a call that starts runs can be refused because another operation is active. */
  readonly startsRuns: boolean
}

const startsRuns = ({ error }: HttpApiEndpoint.Top) => [...error].some(({ ast }) => ast === Problems.OperationBusy.ast)

/** The calls that are declared. */
export const callsOf = (declarations: ReadonlyArray<HttpApi.Top>): ReadonlyArray<Call> => {
  const calls: Array<Call> = []
  for (const declaration of declarations) {
    HttpApi.reflect(declaration, {
      onGroup: () => {},
      onEndpoint: ({ endpoint }) => {
        calls.push({ method: endpoint.method, path: endpoint.path, startsRuns: startsRuns(endpoint) })
      }
    })
  }
  return calls
}
