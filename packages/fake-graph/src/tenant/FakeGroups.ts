/**
 * Groups for a fake tenant: written out by a test, or generated in any number with varied names.
 *
 * @module
 */
import { pick, type Random, randomFrom, uuidFrom } from "../FakeRandom.ts"

/** A group as Graph shows it. */
export interface FakeGroup {
  readonly id: string
  readonly displayName: string
  readonly description: string | null
  readonly mail: string | null
  readonly mailEnabled: boolean
  readonly mailNickname: string
  readonly securityEnabled: boolean
  readonly groupTypes: ReadonlyArray<string>
  readonly visibility: string | null
  readonly isAssignableToRole: boolean | null
  readonly onPremisesSyncEnabled: boolean | null
  readonly membershipRule: string | null
  readonly createdDateTime: string
}

const departments = [
  "Finance",
  "Sales",
  "Legal",
  "Marketing",
  "Engineering",
  "Support",
  "Procurement",
  "Logistics",
  "Research",
  "Audit",
  "Human Resources",
  "Facilities",
  "Controlling",
  "Qualitätssicherung",
  "Comptabilité",
  "Operaciones"
]
const places = [
  "Berlin",
  "München",
  "Zürich",
  "Paris",
  "Besançon",
  "Málaga",
  "São Paulo",
  "Kraków",
  "Malmö",
  "London",
  "Seattle",
  "Tōkyō",
  "Ålesund",
  "Lisboa"
]
const roles = ["Managers", "Members", "Owners", "Readers", "Approvers", "Contractors", "Admins", "Interns"]
const projects = ["Aurora", "Café Futuro", "Nordlicht", "Élan", "Horizon", "Blue Whale", "Señal", "Kestrel", "Atlas"]
const apps = ["SharePoint", "Power BI", "Salesforce", "Jira", "VPN", "Citrix", "SAP", "GitHub"]

const nickname = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/[^\w.-]+/g, "")
    .slice(0, 64) || "group"

type Kind = (random: Random, serial: string) => Pick<FakeGroup, "displayName"> & Partial<FakeGroup>

const securityGroup: Kind = (random, serial) => ({
  displayName: `SG-${pick(random, departments)}-${pick(random, roles)}${serial}`,
  description: random() < 0.5 ? null : `Access for ${pick(random, departments)} in ${pick(random, places)}`,
  onPremisesSyncEnabled: random() < 0.4 ? true : null
})

const licenceGroup: Kind = (random, serial) => ({
  displayName: `LIC ${pick(random, apps)} – ${pick(random, places)}${serial}`,
  isAssignableToRole: random() < 0.1 ? true : null
})

const microsoft365Group: Kind = (random, serial) => {
  const displayName = `${random() < 0.5 ? "Projekt" : "Team"} ${pick(random, projects)} ${pick(random, places)}${serial}`
  return {
    displayName,
    description: `Workspace of ${displayName}`,
    mail: `${nickname(displayName).toLowerCase()}@contoso.example`,
    mailEnabled: true,
    securityEnabled: random() < 0.3,
    groupTypes: ["Unified"],
    visibility: random() < 0.6 ? "Private" : "Public"
  }
}

const dynamicGroup: Kind = (random, serial) => {
  const place = pick(random, places)
  return {
    displayName: `All Employees ${place}${serial}`,
    description: `Everyone whose office is in ${place}`,
    groupTypes: ["DynamicMembership"],
    membershipRule: `(user.city -eq "${place}") and (user.accountEnabled -eq true)`
  }
}

const kinds: ReadonlyArray<Kind> = [
  securityGroup,
  securityGroup,
  securityGroup,
  licenceGroup,
  microsoft365Group,
  dynamicGroup
]

/**
 * A group. Properties that are not given are those of an assigned security group.
 *
 * @example
 * ```ts
 * const groups = [
 *   fakeGroup({ id: "1", displayName: "Finance", mail: "finance@contoso.example", mailEnabled: true }),
 *   fakeGroup({ id: "2", displayName: "Servers" })
 * ]
 * ```
 */
export const fakeGroup = (group: Pick<FakeGroup, "id" | "displayName"> & Partial<FakeGroup>): FakeGroup => ({
  description: null,
  mail: null,
  mailEnabled: false,
  mailNickname: nickname(group.displayName),
  securityEnabled: true,
  groupTypes: [],
  visibility: null,
  isAssignableToRole: null,
  onPremisesSyncEnabled: null,
  membershipRule: null,
  createdDateTime: "2024-01-01T00:00:00Z",
  ...group
})

/**
 * Generates groups: security, licence, Microsoft 365 and dynamic ones. The same seed gives the same groups.
 *
 * @example
 * ```ts
 * const groups = generateGroups(25, 7)
 * const engine = FakeGraph.layerEngine({ tenants: [{ groups }] })
 * ```
 */
export const generateGroups = (count: number, seed: number): Array<FakeGroup> => {
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, index) => {
    const serial = index < 50 ? "" : ` ${String(index).padStart(3, "0")}`
    const day = String(1 + Math.floor(random() * 28)).padStart(2, "0")
    const month = String(1 + Math.floor(random() * 12)).padStart(2, "0")
    const createdDateTime = `20${15 + Math.floor(random() * 10)}-${month}-${day}T08:00:00Z`
    return fakeGroup({ id: uuidFrom(random), createdDateTime, ...pick(random, kinds)(random, serial) })
  })
}
