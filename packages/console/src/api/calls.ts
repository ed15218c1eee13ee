import { Problems } from "@atlas/operations"
import { HttpApi, type HttpApiEndpoint } from "effect/http-api"

/** Whether a call starts runs: only such a call can be refused because another operation is active. */
const startsRuns = ({ error }: HttpApiEndpoint.Top) => [...error].some(({ ast }) => ast === Problems.OperationBusy.ast)

/** The paths of the calls that start runs, by what they declare. */
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
