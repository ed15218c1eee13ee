import { ExactJson } from "@atlas/operations"

interface Props {
  /** Canonical JSON with references in place of secrets. */
  readonly content: string
  readonly assignments: string | null
}

const pretty = (json: string) => JSON.stringify(ExactJson.parse(json), null, 2)

/** What a policy says, and to whom it applies. */
export const PolicyContentView = ({ content, assignments }: Props) => (
  <>
    <section aria-labelledby="content-title">
      <h2 id="content-title">Settings</h2>
      <pre class="long" tabindex={0} aria-labelledby="content-title">
        {pretty(content)}
      </pre>
    </section>
    {assignments !== null && (
      <section aria-labelledby="assignments-title">
        <h2 id="assignments-title">Assignments</h2>
        {assignments === "[]" ? (
          <p class="muted">It is assigned to nobody.</p>
        ) : (
          <pre class="long" tabindex={0} aria-labelledby="assignments-title">
            {pretty(assignments)}
          </pre>
        )}
      </section>
    )}
  </>
)
