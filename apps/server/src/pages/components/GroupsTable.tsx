import type { DirectoryGroup } from "@atlas/directory"

const kinds: Record<DirectoryGroup["kind"], string> = {
  security: "Security",
  microsoft365: "Microsoft 365",
  mail_security: "Mail-enabled security",
  distribution: "Distribution"
}

const traits = (group: DirectoryGroup): string =>
  [
    kinds[group.kind],
    group.dynamic ? "dynamic" : undefined,
    group.synced ? "on-premises" : undefined,
    group.removedAt === null ? undefined : "removed"
  ]
    .filter((trait) => trait !== undefined)
    .join(", ")

interface Props {
  readonly groups: ReadonlyArray<DirectoryGroup>
  readonly selected: ReadonlyArray<{ readonly id: string }>
  /** The id of the form that the buttons submit. */
  readonly form: string
}

/** Groups with a button that adds each to the form's selection. */
export const GroupsTable = ({ groups, selected, form }: Props) => {
  const chosen = new Set(selected.map(({ id }) => id))
  return (
    <table class="groups" role="table">
      <caption class="visually-hidden">Groups</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Group
          </th>
          <th role="columnheader" scope="col">
            Kind
          </th>
          <th role="columnheader" scope="col">
            Mail
          </th>
          <th role="columnheader" scope="col">
            <span class="visually-hidden">Add</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {groups.map((group) => (
          <tr role="row">
            <td role="cell" class="cell-main">
              <b>{group.displayName}</b>
              {group.description !== null && <span class="block muted">{group.description}</span>}
            </td>
            <td role="cell" data-label="Kind">
              {traits(group)}
            </td>
            <td role="cell" data-label="Mail" class="cell-mail">
              {group.mail ?? <span class="muted">–</span>}
            </td>
            <td role="cell" class="cell-action">
              <button
                class="button"
                form={form}
                name="group"
                value={group.id}
                data-add={group.displayName}
                disabled={chosen.has(group.id)}
              >
                <span>{chosen.has(group.id) ? "Added" : "Add"}</span>
                <span class="visually-hidden"> {group.displayName}</span>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
