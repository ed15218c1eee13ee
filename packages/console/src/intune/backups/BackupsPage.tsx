import type { BackupItem, BackupSet, Restore } from "@atlas/intune"
import { policyTypeNamed } from "@atlas/intune"
import { reasonInfo, type Run } from "@atlas/operations"
import type { DateTime } from "effect"
import { BackupBadge, BackupsTable } from "./BackupsTable.tsx"
import { EmptyState } from "../../shell/components/EmptyState.tsx"
import { formatCount, hrefWith } from "../../shell/components/format.ts"
import { Icon } from "../../shell/components/Icon.tsx"
import { platformLabel } from "../policies/platformLabel.ts"
import { AbsoluteTime } from "../../shell/components/Time.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"
import { useLinks } from "../../shell/Links.ts"
import { TableHead } from "../../shell/components/TableHead.tsx"
import { NextPage } from "../../shell/components/NextPage.tsx"

interface ListProps {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly backups: ReadonlyArray<BackupSet>
  readonly nextHref: string | null
  readonly now: DateTime.Utc
}

/** The backups of a tenant. */
export const BackupsPage = ({ shell, tenant, backups, nextHref, now }: ListProps) => (
  <Layout title={`Backups of ${tenant.name}`} shell={shell}>
    <a class="crumb" href={shell.links.tenant(tenant.id)}>
      <Icon name="back" />
      <span>{tenant.name}</span>
    </a>
    <div class="title-row">
      <div>
        <h1>Backups</h1>
        <p class="lead">What the policies of {tenant.name} said, and when. Nobody can change a backup.</p>
      </div>
      <div class="card-actions">
        <a class="button" href={`${shell.links.tenant(tenant.id)}/restores`}>
          Restores
        </a>
        <a class="button" href={`${shell.links.tenant(tenant.id)}/backup-schedules`}>
          Schedules
        </a>
      </div>
    </div>
    {backups.length === 0 ? (
      <EmptyState title="There is no backup yet">
        Backups are made by <a href={`${shell.links.tenant(tenant.id)}/backup-schedules`}>schedules</a>, at their time
        or at once.
      </EmptyState>
    ) : (
      <BackupsTable tenantId={tenant.id} backups={backups} caption={`Backups of ${tenant.name}`} now={now} />
    )}
    <NextPage href={nextHref}>Older backups</NextPage>
  </Layout>
)

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly backup: BackupSet
  /** The run that made it; null if there is none, or none that the person may see. */
  readonly run: Run | null
  readonly query: string
  readonly items: ReadonlyArray<BackupItem>
  readonly nextHref: string | null
  /** The newest restores of this backup. */
  readonly restores: ReadonlyArray<Restore>
  /** The capability that the person lacks to restore; null if none. */
  readonly missingCapability: string | null
  /** The key of this page's request for a restore. */
  readonly idempotencyKey: string
  /** What was wrong with the last attempt to plan a restore. */
  readonly problem: string | null
}

const MadeBy = ({ tenant, backup, run }: Pick<Props, "tenant" | "backup" | "run">) => {
  const links = useLinks()
  if (backup.scheduleId === null) return backup.origin === "restore" ? "a restore, before it wrote" : "an import"
  const schedule = <a href={`${links.tenant(tenant.id)}/backup-schedules/${backup.scheduleId}`}>its schedule</a>
  return run?.actor.kind === "user" ? (
    <>
      {run.actor.name}, by hand, with {schedule}
    </>
  ) : (
    schedule
  )
}

/** What is in a backup. */
export const BackupPage = ({
  shell,
  tenant,
  backup,
  run,
  query,
  items,
  nextHref,
  restores,
  missingCapability,
  idempotencyKey,
  problem
}: Props) => {
  const path = `${shell.links.tenant(tenant.id)}/backups/${backup.id}`
  return (
    <Layout title={`${backup.name} in ${tenant.name}`} shell={shell}>
      <a class="crumb" href={`${shell.links.tenant(tenant.id)}/backups`}>
        <Icon name="back" />
        <span>Backups of {tenant.name}</span>
      </a>
      <div class="title-badge">
        <h1>{backup.name}</h1>
        <BackupBadge backup={backup} />
      </div>
      <dl class="facts">
        <div>
          <dt>Made</dt>
          <dd>
            <AbsoluteTime at={backup.createdAt} />
          </dd>
        </div>
        <div>
          <dt>Policies</dt>
          <dd class="number">{formatCount(backup.itemCount)}</dd>
        </div>
        <div>
          <dt>Made by</dt>
          <dd>
            <MadeBy tenant={tenant} backup={backup} run={run} />
            {backup.runId !== null && (
              <span class="block small">
                in <a href={shell.links.run(backup.runId)}>this run</a>
              </span>
            )}
          </dd>
        </div>
        {restores.length > 0 && (
          <div>
            <dt>Restored</dt>
            <dd>
              <ul class="plain">
                {restores.map(({ createdAt, id }) => (
                  <li>
                    <a href={`${shell.links.tenant(tenant.id)}/restores/${id}`}>
                      <AbsoluteTime at={createdAt} />
                    </a>
                  </li>
                ))}
              </ul>
            </dd>
          </div>
        )}
      </dl>
      {backup.missing.map(({ label, message, policy, reasonCode }) => (
        <p class="notice tone-warning">
          <span>
            {policy === null ? (
              <>
                <b>{label}</b> are missing:{" "}
              </>
            ) : (
              <>
                <b>{policy.title}</b> ({label}) is missing:{" "}
              </>
            )}
            {message} {reasonInfo(reasonCode).nextStep}
          </span>
        </p>
      ))}
      {backup.state === "expired" ? (
        <EmptyState title="Its contents have expired">
          The rule of its schedule did not keep them any longer.
        </EmptyState>
      ) : (
        <>
          <form class="filters" method="get" action={path}>
            <label class="field">
              <span>Search</span>
              <input type="text" name="query" value={query} maxlength={200} placeholder="Part of a title" />
            </label>
            <button class="button">Show</button>
          </form>
          <form id="restore" class="restore-form" method="post" action={`${shell.links.tenant(tenant.id)}/restores`}>
            <input type="hidden" name="backup" value={backup.id} />
            <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
            <label class="toggle">
              <input type="checkbox" name="withAssignments" value="true" />
              <span>With assignments</span>
            </label>
            <button class="button" disabled={missingCapability !== null}>
              Plan to restore what is chosen
            </button>
            <button class="button" name="all" value="true" disabled={missingCapability !== null}>
              Plan to restore everything
            </button>
            {problem !== null && (
              <span class="field-problem" role="alert">
                {problem}
              </span>
            )}
            {missingCapability !== null && (
              <span class="muted small">
                Your role does not allow this: it needs <code>{missingCapability}</code>.
              </span>
            )}
          </form>
          <Items items={items} path={path} selectable={missingCapability === null} />
        </>
      )}
      <NextPage href={nextHref}>Next page</NextPage>
      <details class="technical">
        <summary>Technical details</summary>
        <dl>
          <div>
            <dt>Id</dt>
            <dd>
              <code>{backup.id}</code>
            </dd>
          </div>
          <div>
            <dt>Hash of what it lists (SHA-256)</dt>
            <dd>
              <code>{backup.manifestHash ?? "none yet"}</code>
            </dd>
          </div>
        </dl>
      </details>
    </Layout>
  )
}

interface ItemsProps {
  readonly items: ReadonlyArray<BackupItem>
  readonly path: string
  readonly selectable: boolean
}

const Items = ({ items, path, selectable }: ItemsProps) =>
  items.length === 0 ? (
    <EmptyState title="Nothing matches">
      <a href={hrefWith(path, [])}>Show everything in this backup</a>
    </EmptyState>
  ) : (
    <table class="runs" role="table">
      <caption class="visually-hidden">Policies in this backup, by title</caption>
      <TableHead titles={["Title", "Kind", "Platform", "Assignments"]} />
      <tbody role="rowgroup">
        {items.map((item) => (
          <tr role="row">
            <td role="cell" class="cell-main">
              {selectable && (
                <input
                  type="checkbox"
                  name="item"
                  form="restore"
                  value={`${item.source}/${item.id}`}
                  aria-label={`Choose ${item.title}`}
                />
              )}{" "}
              <a href={`${path}/${item.source}/${encodeURIComponent(item.id)}`}>{item.title}</a>
            </td>
            <td role="cell" data-label="Kind">
              {(item.type === null ? undefined : policyTypeNamed(item.type)?.label) ?? "Unknown type"}
            </td>
            <td role="cell" data-label="Platform">
              {item.platform === null ? "–" : platformLabel(item.platform)}
            </td>
            <td role="cell" data-label="Assignments">
              {item.assignmentCount === null ? "–" : formatCount(item.assignmentCount)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
