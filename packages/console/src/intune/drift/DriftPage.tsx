import { type BackupSet, DriftCompare, type DriftItem, policyTypeNamed, policyTypeNames } from "@atlas/intune"
import type { Run } from "@atlas/operations"
import { DateTime } from "effect"
import { Badge, type Tone } from "../../shell/components/Badge.tsx"
import { EmptyState } from "../../shell/components/EmptyState.tsx"
import { formatAbsolute, plural } from "../../shell/components/format.ts"
import { Icon, type IconName } from "../../shell/components/Icon.tsx"
import { PolicyDifferenceView } from "../policies/PolicyDifferenceView.tsx"
import { RunProgress } from "../../shell/components/Counts.tsx"
import { RunReason } from "../../shell/components/Reason.tsx"
import { type Comparison, ComparisonsTable } from "./ComparisonsTable.tsx"
import { Layout, type Shell } from "../../shell/Layout.tsx"
import { NextPage } from "../../shell/components/NextPage.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly backups: ReadonlyArray<BackupSet>
  /** Earlier comparisons, newest first. */
  readonly comparisons: ReadonlyArray<Comparison>
  /** The state to begin with, as the form names it. One that is no choice is ignored. */
  readonly from: string | null
  /** The capability that the person lacks to compare; null if none. */
  readonly missingCapability: string | null
  readonly now: DateTime.Utc
}

/** Chooses two states of a tenant to compare, and lists earlier comparisons. */
export const DriftPage = ({ shell, tenant, backups, comparisons, from, missingCapability, now }: Props) => {
  const path = `${shell.links.tenant(tenant.id)}/drift`
  const choices = [
    ...backups.map(
      ({ createdAt, id, name }) => [`backup/${id}`, `Backup “${name}” of ${formatAbsolute(createdAt)}`] as const
    ),
    ["inventory", "The inventory, as of the last sync"] as const,
    ["live", "The tenant, as it is now"] as const
  ]
  const wanted = choices.find(([value]) => value === from) ?? choices[0]
  return (
    <Layout title={`Drift in ${tenant.name}`} shell={shell}>
      <a class="crumb" href={shell.links.tenant(tenant.id)}>
        <Icon name="back" />
        <span>{tenant.name}</span>
      </a>
      <h1>Drift</h1>
      <p class="lead">What differs between two states of the policies of {tenant.name}.</p>
      <form class="form" method="post" action={path}>
        <Choice name="from" label="From" choices={choices} chosen={wanted?.[0] ?? "inventory"} />
        <Choice name="to" label="To" choices={choices} chosen="live" />
        <div class="card-actions">
          <button class="button primary" disabled={missingCapability !== null}>
            Compare
          </button>
          {missingCapability !== null && (
            <span class="muted small">
              Your role does not allow this: it needs <code>{missingCapability}</code>.
            </span>
          )}
        </div>
      </form>
      <div>
        <h2>Comparisons</h2>
        {comparisons.length === 0 ? (
          <EmptyState title="Nothing was compared yet">Choose two states above.</EmptyState>
        ) : (
          <ComparisonsTable comparisons={comparisons} now={now} caption={`Comparisons in ${tenant.name}`} />
        )}
      </div>
    </Layout>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly choices: ReadonlyArray<readonly [value: string, text: string]>
  readonly chosen: string
}

const Choice = ({ name, label, choices, chosen }: ChoiceProps) => (
  <label class="field">
    <span>{label}</span>
    <select name={name}>
      {choices.map(([value, text]) => (
        <option value={value} selected={value === chosen}>
          {text}
        </option>
      ))}
    </select>
  </label>
)

interface ResultProps {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly run: Run
  readonly from: string
  readonly to: string
  /** Null if the comparison has no result. */
  readonly items: ReadonlyArray<DriftItem> | null
  readonly nextHref: string | null
}

const looks: Record<DriftItem["change"], readonly [text: string, tone: Tone, icon: IconName]> = {
  added: ["Added", "info", "dot"],
  removed: ["Removed", "danger", "cancelled"],
  changed: ["Changed", "warning", "retry"]
}

const Compared = ({ run }: { readonly run: Run }) => {
  const types = DriftCompare.comparedTypes(run)
  if (types.length === 0) return null
  return (
    <p class="muted">
      {types.length === policyTypeNames.length
        ? "All kinds of policies were compared."
        : `These kinds of policies were compared: ${types.map((name) => policyTypeNamed(name)?.label ?? name).join(", ")}.`}
    </p>
  )
}

/** What a comparison found. */
export const DriftResultPage = ({ shell, tenant, run, from, to, items, nextHref }: ResultProps) => (
  <Layout title={`Differences in ${tenant.name}`} shell={shell}>
    <a class="crumb" href={`${shell.links.tenant(tenant.id)}/drift`}>
      <Icon name="back" />
      <span>Drift in {tenant.name}</span>
    </a>
    <div id="drift" data-region="" data-refresh={run.status === "completed" ? undefined : "2"}>
      <h1>Differences</h1>
      <p class="lead">
        From {from} to {to}, compared by <a href={shell.links.run(run.id)}>this run</a>.
      </p>
      <Compared run={run} />
      {run.status !== "completed" ? (
        <RunProgress run={run} label={DriftCompare.operation.label} />
      ) : items === null ? (
        <EmptyState title="The comparison has no result">
          Whether something differs is unknown. <RunReason run={run} />
        </EmptyState>
      ) : items.length === 0 ? (
        <EmptyState title="Nothing differs">
          {plural(run.summaryCounts.processed ?? 0, "policy was", "policies were")} compared.
        </EmptyState>
      ) : (
        <ul class="restore-items">
          {items.map((item) => (
            <li class="card">
              <div class="title-badge">
                <h2>{item.title}</h2>
                <Badge tone={looks[item.change][1]} icon={looks[item.change][2]}>
                  {looks[item.change][0]}
                </Badge>
              </div>
              <p class="muted small">
                {(item.type === null ? undefined : policyTypeNamed(item.type)?.label) ?? "Unknown type"}
              </p>
              {item.difference !== null && <PolicyDifferenceView difference={item.difference} from="From" to="To" />}
            </li>
          ))}
        </ul>
      )}
    </div>
    <NextPage href={nextHref}>Next page</NextPage>
  </Layout>
)
