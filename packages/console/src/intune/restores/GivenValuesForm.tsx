import { policyTypeNamed, type RestoreItem } from "@atlas/intune"

interface Props {
  /** The policies on the page. Those that lack nothing are left out. */
  readonly items: ReadonlyArray<RestoreItem>
  /** Where the form is sent. */
  readonly action: string
  readonly idempotencyKey: string
  /** What was wrong with the last attempt; null if there was none. */
  readonly problem: string | null
}

/**
 * Asks for the values that policies of a plan lack, for a new plan of these policies. An input never has a value when the page
 * comes: what somebody typed goes to the server, and never comes back.
 */
export const GivenValuesForm = ({ items, action, idempotencyKey, problem }: Props) => {
  const lacking = items.filter((item) => item.lacking.length > 0)
  if (lacking.length === 0 && problem === null) return null
  return (
    <section id="values" aria-labelledby="values-title" class="panel values">
      <h2 id="values-title">Missing values</h2>
      <p class="muted">
        Atlas does not know these values: Graph does not reveal them, or they belong to another tenant. Enter all those
        of a policy to plan a restore of it with them. Atlas stores them encrypted and never shows them.
      </p>
      {problem !== null && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
      {lacking.length > 0 && (
        <form class="form" method="post" action={action}>
          <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
          {lacking.map((item) => (
            <Policy item={item} />
          ))}
          <div class="card-actions">
            <button class="button primary">Plan a restore of these policies</button>
          </div>
        </form>
      )}
    </section>
  )
}

const Policy = ({ item: { id, lacking, source, title, type } }: { readonly item: RestoreItem }) => (
  <fieldset>
    <legend>
      {title}{" "}
      <span class="muted small">{(type === null ? undefined : policyTypeNamed(type)?.label) ?? "Unknown type"}</span>
    </legend>
    {lacking.map((path) => (
      <>
        <input type="hidden" name="source" value={source} />
        <input type="hidden" name="id" value={id} />
        <input type="hidden" name="path" value={path} />
        <label class="field">
          <code>{path}</code>
          <input type="password" name="value" autocomplete="off" />
        </label>
      </>
    ))}
  </fieldset>
)
