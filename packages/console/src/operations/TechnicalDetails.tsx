import type { Run } from "@atlas/operations"

/** What support asks for: ids, identity key, input and version. */
export const TechnicalDetails = ({ run }: { readonly run: Run }) => {
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["Run id", run.id],
    ["Type", run.type],
    ["Workspace id", run.workspaceId],
    ["Tenant id", run.tenantId ?? "–"],
    ["Actor id", run.actor.id],
    ["Identity key", run.identityKey],
    ["Reason code", run.reasonCode ?? "–"],
    // Tracing systems search for the second part of a traceparent.
    ["Trace id", run.traceparent?.split("-")[1] ?? "–"],
    ["Version", `${run.version} (event ${run.lastEvent})`]
  ]
  return (
    <details class="panel panel-full" id="technical">
      <summary>Technical details</summary>
      <dl class="technical">
        {rows.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
        <div>
          <dt>Input</dt>
          <dd>
            <pre tabindex={0}>{JSON.stringify(run.input, null, 2)}</pre>
          </dd>
        </div>
      </dl>
    </details>
  )
}
