import type { OpenApi } from "effect/http-api"
import { Layout, type Shell } from "../shell/Layout.tsx"

type Document = ReturnType<typeof OpenApi.fromApi>

interface Call {
  readonly method: string
  readonly path: string
  readonly operation: OpenApi.OpenAPISpecOperation
}

const methods = ["get", "post", "put", "patch", "delete"] as const

/** The document's calls with a tag, in their order. */
const callsOf = ({ paths }: Document, tag: string): ReadonlyArray<Call> =>
  Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      return operation?.tags.includes(tag) === true ? [{ method: method.toUpperCase(), path, operation }] : []
    })
  )

interface Props {
  readonly shell: Shell
  readonly document: Document
}

/** The API for people who write programs: every call with its parameters and answers. */
export const ApiReferencePage = ({ shell, document }: Props) => (
  <Layout title="API" shell={shell}>
    <h1>API</h1>
    <p class="lead">{document.info.description}</p>
    <p>
      The same as an <a href={shell.links.api("/v1/openapi.json")}>OpenAPI 3.1 document</a>.
    </p>
    {document.tags.map(({ description, name }) => (
      <section class="panel reference" aria-labelledby={`tag-${name}`}>
        <h2 id={`tag-${name}`}>{name}</h2>
        {description !== undefined && <p class="muted">{description}</p>}
        {callsOf(document, name).map((call) => (
          <CallReference call={call} />
        ))}
      </section>
    ))}
  </Layout>
)

const CallReference = ({ call: { method, operation, path } }: { readonly call: Call }) => (
  <details id={operation.operationId}>
    <summary>
      <code>
        <b>{method}</b> {path}
      </code>{" "}
      <span>{operation.summary}</span>
    </summary>
    {operation.description !== undefined && <p>{operation.description}</p>}
    {operation.parameters.length > 0 && <Parameters parameters={operation.parameters} />}
    <h3>Answers</h3>
    <ul>
      {Object.entries(operation.responses).map(([status, { content, description }]) => (
        <li>
          <b class="number">{status}</b> {description}
          {content !== undefined && <Schemas content={content} />}
        </li>
      ))}
    </ul>
  </details>
)

const Parameters = ({ parameters }: { readonly parameters: OpenApi.OpenAPISpecOperation["parameters"] }) => (
  <>
    <h3>Parameters</h3>
    <ul>
      {parameters.map(({ in: place, name, required, schema }) => (
        <li>
          <code>{name}</code>{" "}
          <span class="muted">
            in {place}
            {required ? ", required" : ""}
          </span>
          <pre class="schema">{JSON.stringify(schema)}</pre>
        </li>
      ))}
    </ul>
  </>
)

const Schemas = ({ content }: { readonly content: OpenApi.OpenApiSpecContent }) => (
  <>
    {Object.entries(content).map(([mediaType, media]) => (
      <details>
        <summary>
          <code>{mediaType}</code>
        </summary>
        <pre class="schema" tabindex={0}>
          {JSON.stringify(media?.schema, null, 2)}
        </pre>
      </details>
    ))}
  </>
)
