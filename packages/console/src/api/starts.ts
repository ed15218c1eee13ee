import { Problems } from "@atlas/operations"
import { HttpApi, type HttpApiEndpoint } from "effect/http-api"

/** Whether a call starts runs: only what does can be refused because another operation is at work. */
const startsRuns = ({ error }: HttpApiEndpoint.Top) => [...error].some(({ ast }) => ast === Problems.OperationBusy.ast)

/**
 * The paths of the calls that start runs, as they declare it themselves.
 *
 * @param declarations of the API, each part's own
 */
export const startPathsOf = (declarations: ReadonlyArray<HttpApi.Top>): ReadonlyArray<string> => {
  const paths: Array<string> = []
  for (const declaration of declarations) {
    HttpApi.reflect(declaration, {
      onGroup: () => {},
      onEndpoint: ({ endpoint }) => {
        if (startsRuns(endpoint)) paths.push(endpoint.path)
      }
    })
  }
  return paths
}
