import { type BackupSet, policyTypeNamed, type Restore, type RestoreItem, type RestoreTally } from "@atlas/intune"
import { Badge, type Tone } from "../../shell/components/Badge.tsx"
import { plural } from "../../shell/components/format.ts"
import { Icon, type IconName } from "../../shell/components/Icon.tsx"
import { PolicyDifferenceView } from "../policies/PolicyDifferenceView.tsx"
import { AbsoluteTime } from "../../shell/components/Time.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"
import { GivenValuesForm } from "./GivenValuesForm.tsx"
import { RestoreBadge } from "./RestoresPage.tsx"
import { useLinks } from "../../shell/Links.ts"
import { NextPage } from "../../shell/components/NextPage.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly restore: Restore
  readonly backup: BackupSet | null
  readonly items: ReadonlyArray<RestoreItem>
  readonly tally: ReadonlyArray<RestoreTally>
  /** Whether the list has the unchanged policies, too. */
  readonly all: boolean
  readonly nextHref: string | null
  /** Its run has ended, or there is none. */
  readonly stopped: boolean
  /** The capability that the person lacks to restore; null if none. */
  readonly missingCapability: string | null
  /** The key of this page's confirmation. */
  readonly idempotencyKey: string
  /** The last attempt to confirm: what was typed, and what was wrong with it. */
  readonly refused: { readonly typed: string; readonly problem: string } | null
  /** Where the form of missing values is sent. */
  readonly valuesAction: string
  /** What was wrong with the last attempt to give missing values; null if there was none. */
  readonly valuesProblem: string | null
}

/** A restore: its plan, its confirmation, and what became of it. */
export const RestorePage = (props: Props) => {
  const { shell, tenant, restore, nextHref } = props
  const path = `${shell.links.tenant(tenant.id)}/restores/${restore.id}`
  const isOpen = restore.state === "planning" || restore.state === "confirmed" || restore.state === "running"
  const waits = isOpen && !props.stopped
  return (
    <Layout title={`Restore in ${tenant.name}`} shell={shell}>
      <a class="crumb" href={`${shell.links.tenant(tenant.id)}/restores`}>
        <Icon name="back" />
        <span>Restores of {tenant.name}</span>
      </a>
      <div id="restore" data-region="" data-refresh={waits ? "2" : undefined}>
        <div class="title-badge">
          <h1>Restore</h1>
          <RestoreBadge restore={restore} />
        </div>
        <Facts {...props} />
        {restore.state === "planning" ? (
          <Planning {...props} path={path} />
        ) : (
          <>
            <Summary {...props} />
            {(restore.state === "planned" || (isOpen && props.stopped)) && <Confirm {...props} path={path} />}
            <Items {...props} path={path} />
            {/* A page that renews itself would lose what somebody types. */}
            {!waits && props.missingCapability === null && (
              <GivenValuesForm
                items={props.items}
                action={props.valuesAction}
                idempotencyKey={props.idempotencyKey}
                problem={props.valuesProblem}
              />
            )}
          </>
        )}
      </div>
      <NextPage href={nextHref}>Next page</NextPage>
    </Layout>
  )
}

const Discard = ({ path, label }: { readonly path: string; readonly label: string }) => (
  <form class="card-actions" method="post" action={`${path}/archive`}>
    <button class="button">{label}</button>
  </form>
)

const Planning = ({ restore, stopped, path, missingCapability }: Props & { readonly path: string }) => {
  const links = useLinks()
  return stopped ? (
    <>
      <p class="notice tone-warning">
        <span>
          The plan could not be made, and nothing was changed.{" "}
          {restore.previewRun !== null && <a href={links.run(restore.previewRun)}>Its run says why.</a>}
        </span>
      </p>
      {missingCapability === null ? (
        <>
          <form class="card-actions" method="post" action={`${path}/plan`}>
            <button class="button">Plan again</button>
          </form>
          <Discard path={path} label="Discard this plan" />
        </>
      ) : (
        <NotAllowed capability={missingCapability} />
      )}
    </>
  ) : (
    <p class="muted">The backup is being compared with the tenant. Nothing is changed by that.</p>
  )
}

const Facts = ({ tenant, restore, backup }: Props) => {
  const links = useLinks()
  return (
    <dl class="facts">
      <div>
        <dt>From</dt>
        <dd>
          <a href={`${links.tenant(tenant.id)}/backups/${restore.backupId}`}>{backup?.name ?? "a backup"}</a>
          {backup !== null && (
            <span class="block small muted">
              <AbsoluteTime at={backup.createdAt} />
            </span>
          )}
        </dd>
      </div>
      <div>
        <dt>Planned by</dt>
        <dd>
          {restore.createdBy.name}
          {restore.previewRun !== null && (
            <span class="block small">
              in <a href={links.run(restore.previewRun)}>this run</a>
            </span>
          )}
        </dd>
      </div>
      {restore.confirmedBy !== null && (
        <div>
          <dt>Confirmed by</dt>
          <dd>
            {restore.confirmedBy.name}
            {restore.executeRun !== null && (
              <span class="block small">
                in <a href={links.run(restore.executeRun)}>this run</a>
              </span>
            )}
          </dd>
        </div>
      )}
      <div>
        <dt>Assignments</dt>
        <dd>{restore.withAssignments ? "come back, too" : "stay as they are"}</dd>
      </div>
      {restore.safetyBackupId !== null && (
        <div>
          <dt>What was overwritten</dt>
          <dd>
            <a href={`${links.tenant(tenant.id)}/backups/${restore.safetyBackupId}`}>is in a backup of its own</a>
          </dd>
        </div>
      )}
    </dl>
  )
}

const actions: Record<
  NonNullable<RestoreItem["action"]>,
  readonly [text: string, tone: Tone, icon: IconName, many: (count: string) => string]
> = {
  create: ["Create", "info", "dot", (count) => `${count} to create`],
  update: ["Change", "warning", "retry", (count) => `${count} to change`],
  unchanged: ["Unchanged", "neutral", "check", (count) => `${count} unchanged`],
  conflict: ["Conflict", "danger", "blocked", (count) => `${count} in conflict`],
  not_restorable: ["Not restorable", "neutral", "cancelled", (count) => `${count} that cannot be restored`]
}

const results: Record<RestoreItem["result"], readonly [text: string, tone: Tone, icon: IconName] | null> = {
  pending: null,
  writing: ["Being written", "info", "running"],
  done: ["Restored", "success", "check"],
  failed: ["Failed", "danger", "failed"],
  skipped: null
}

const countOf = (tally: ReadonlyArray<RestoreTally>, holds: (each: RestoreTally) => boolean) =>
  tally.filter(holds).reduce((sum, { count }) => sum + count, 0)

const isWrite = ({ action }: RestoreTally) => action === "create" || action === "update"

const planOf = (tally: ReadonlyArray<RestoreTally>) =>
  Object.entries(actions).flatMap(([action, [, , , many]]) => {
    const count = countOf(tally, (each) => each.action === action)
    return count === 0 ? [] : [many(plural(count, "policy", "policies"))]
  })

/** What became of the policies of a restore: each is counted once. */
const resultOf = (tally: ReadonlyArray<RestoreTally>) => {
  const written = countOf(tally, ({ result }) => result === "done")
  const failed = countOf(tally, ({ result }) => result === "failed")
  const total = countOf(tally, () => true)
  return [
    `${plural(written, "policy", "policies")} restored`,
    `${failed} failed`,
    `${total - written - failed} left alone`
  ]
}

const Summary = ({ restore, tally }: Props) => {
  const noted = tally.filter(isWrite).reduce((sum, each) => sum + each.noted, 0)
  return (
    <>
      <p class="lead">
        {restore.state === "done" ? `Done: ${resultOf(tally).join(", ")}.` : `The plan: ${planOf(tally).join(", ")}.`}
      </p>
      {noted > 0 && (
        <p class="notice tone-warning">
          <span>
            {plural(noted, "policy has", "policies have")} a note below: what is left out, because the tenant lacks it,
            or what the tenant has under another id.
          </span>
        </p>
      )}
    </>
  )
}

const NotAllowed = ({ capability }: { readonly capability: string }) => (
  <p class="muted">
    Your role does not allow restores: they need <code>{capability}</code>.
  </p>
)

const Confirm = ({
  tenant,
  restore,
  tally,
  missingCapability,
  idempotencyKey,
  path,
  refused
}: Props & { readonly path: string }) => {
  const unwritten = tally.filter(({ result }) => result === "pending" || result === "writing")
  const overwrites = countOf(unwritten, ({ action }) => action === "update")
  const writes = countOf(unwritten, isWrite)
  if (missingCapability !== null) return <NotAllowed capability={missingCapability} />
  return (
    <section class="callout tone-warning" aria-labelledby="confirm-title">
      <Icon name="info" />
      <div>
        <h2 id="confirm-title">
          {writes === 0
            ? "There is nothing to write"
            : restore.state === "planned"
              ? "Nothing has been changed yet"
              : "It was not finished: the rest can be restored"}
        </h2>
        {writes > 0 && (
          <p>
            {plural(writes, "policy", "policies")} of {tenant.name} will be written. What was changed since this was
            planned is left alone{overwrites > 0 && ", and a backup of what is overwritten is made first"}.
          </p>
        )}
        {writes > 0 && (
          <form class="form" method="post" action={`${path}/confirm`}>
            <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
            <div class="field">
              <label for="tenantName">Type “{tenant.name}” to confirm</label>
              <input type="text" name="tenantName" id="tenantName" value={refused?.typed} autocomplete="off" required />
              {refused !== null && (
                <span class="field-problem" role="alert">
                  {refused.problem}
                </span>
              )}
            </div>
            <div class="card-actions">
              <button class="button danger">Restore {plural(writes, "policy", "policies")}</button>
            </div>
          </form>
        )}
        <Discard path={path} label={restore.state === "planned" ? "Discard this plan" : "Discard the rest"} />
      </div>
    </section>
  )
}

const Items = ({ tenant, items, tally, all, path }: Props & { readonly path: string }) => {
  const links = useLinks()
  const unchanged = countOf(tally, ({ action }) => action === "unchanged")
  return (
    <>
      {unchanged > 0 && (
        <p class="muted">
          {all ? (
            <a href={path}>Hide the unchanged policies</a>
          ) : (
            <>
              {plural(unchanged, "policy is", "policies are")} in the tenant as in the backup.{" "}
              <a href={`${path}?unchanged=true`}>Show {unchanged === 1 ? "it" : "them"}, too</a>
            </>
          )}
        </p>
      )}
      <ul class="restore-items">
        {items.map((item) => (
          <li class="card" id={`${item.source}-${item.id}`}>
            <div class="title-badge">
              <h2>{item.title}</h2>
              {item.action !== null && (
                <Badge tone={actions[item.action][1]} icon={actions[item.action][2]}>
                  {actions[item.action][0]}
                </Badge>
              )}
              <ResultBadge item={item} />
            </div>
            <p class="muted small">
              {(item.type === null ? undefined : policyTypeNamed(item.type)?.label) ?? "Unknown type"}
            </p>
            {item.reason !== null && <p>{item.reason}</p>}
            {item.resultMessage !== null && <p>{item.resultMessage}</p>}
            {item.resultId !== null && (
              <p class="small">
                <a href={`${links.tenant(tenant.id)}/inventory/${item.source}/${encodeURIComponent(item.resultId)}`}>
                  In the inventory
                </a>
                <span class="muted">, after the next sync</span>
              </p>
            )}
            {item.difference !== null && item.difference.fields.length > 0 && (
              <PolicyDifferenceView difference={item.difference} from="In the tenant" to="In the backup" />
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

const ResultBadge = ({ item }: { readonly item: RestoreItem }) => {
  const look = results[item.result]
  return look === null ? null : (
    <Badge tone={look[1]} icon={look[2]}>
      {look[0]}
    </Badge>
  )
}
