import type { Restore, RestoreTally } from "@atlas/intune"
import { Icon } from "../../shell/components/Icon.tsx"
import { countOf, isWrite, policies } from "./restoreWords.ts"

interface Props {
  readonly tenant: { readonly name: string }
  readonly restore: Restore
  readonly tally: ReadonlyArray<RestoreTally>
  /** The address of the restore. */
  readonly path: string
  /** The key of this page's confirmation. */
  readonly idempotencyKey: string
  /** The last attempt to confirm: what was typed, and what was wrong with it. */
  readonly refused: { readonly typed: string; readonly problem: string } | null
}

const titleOf = (writes: number, { state }: Restore) => {
  if (writes === 0) return "There is nothing to write"
  return state === "planned" ? "Nothing has been changed yet" : "It was not finished: the rest can be restored"
}

/** Confirms a plan by the tenant's name, or discards it. Show it below what somebody must read before. */
export const RestoreConfirm = ({ tenant, restore, tally, path, idempotencyKey, refused }: Props) => {
  const unwritten = tally.filter(({ result }) => result === "pending" || result === "writing")
  const overwrites = countOf(unwritten, ({ action }) => action === "update")
  const writes = countOf(unwritten, isWrite)
  const discard = restore.state === "planned" ? "Discard this plan" : "Discard the rest"
  return (
    <section class="callout tone-warning" id="confirm" aria-labelledby="confirm-title">
      <Icon name="info" />
      <div>
        <h2 id="confirm-title">{titleOf(writes, restore)}</h2>
        {writes > 0 && (
          <>
            <p>
              {policies(writes)} of {tenant.name} will be written. What was changed since this was planned is left alone
              {overwrites > 0 && ", and a backup of what is overwritten is made first"}.
            </p>
            <form class="form" method="post" action={`${path}/confirm#confirm`}>
              <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
              <div class="field">
                <label for="tenantName">Type “{tenant.name}” to confirm</label>
                <input
                  type="text"
                  name="tenantName"
                  id="tenantName"
                  value={refused?.typed}
                  autocomplete="off"
                  required
                />
                {refused !== null && (
                  <span class="field-problem" role="alert">
                    {refused.problem}
                  </span>
                )}
              </div>
              <div class="card-actions">
                <button class="button danger">Restore {policies(writes)}</button>
                {/* Beside the other, it is the button of the form below. */}
                <button class="button" form="discard">
                  {discard}
                </button>
              </div>
            </form>
          </>
        )}
        <form id="discard" class="card-actions" method="post" action={`${path}/archive`}>
          {writes === 0 && <button class="button">{discard}</button>}
        </form>
      </div>
    </section>
  )
}
