import type { Capability } from "@atlas/operations"
import { Schema } from "effect"

/** The roles of the reference policy. */
export const Role = Schema.Literals(["owner", "manager", "operator", "readonly"])
export type Role = typeof Role.Type

const view: ReadonlyArray<Capability> = [
  "tenant.backups.view",
  "tenant.directory.view",
  "tenant.inventory.view",
  "tenant.providers.view",
  "tenant.restore.view"
]

const operate: ReadonlyArray<Capability> = [
  ...view,
  "tenant.directory.sync",
  "tenant.inventory.sync",
  "tenant.backups.run",
  "tenant.providers.verify"
]

const manage: ReadonlyArray<Capability> = ["tenant.backups.manage", "tenant.restore.execute"]

/** The capabilities of each role. Code asks for capabilities, never for roles. */
export const capabilitiesOf: Readonly<Record<Role, ReadonlySet<Capability>>> = {
  owner: new Set([...operate, ...manage, "workspace.members.manage"]),
  manager: new Set([...operate, ...manage]),
  operator: new Set(operate),
  readonly: new Set(view)
}
