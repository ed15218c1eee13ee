/** Every contract that a package sends to Graph, held against what Microsoft publishes about Graph. */
import { ConnectionCheck } from "@atlas/graph"
import { DriftCompare, InventorySync, BackupOperations, RestoreOperations } from "@atlas/intune"
import { GroupsSync, listGroups, RoleDefinitionsSync } from "@atlas/directory"
import { GraphContract } from "@atlas/operations"
import { describe, expect, it } from "vitest"
import { graphMetadata, memberOf, type Version } from "./src/MicrosoftGraphTypes.ts"

const contracts = [
  ...new Set<GraphContract.GraphContract>([
    listGroups,
    ...ConnectionCheck.ownContracts,
    ...[
      GroupsSync.operation,
      RoleDefinitionsSync.operation,
      ConnectionCheck.operation,
      InventorySync.operation,
      BackupOperations.runNow,
      DriftCompare.operation,
      RestoreOperations.preview,
      RestoreOperations.execute
    ].flatMap((operation) => operation.contracts)
  ])
]

const roots: Readonly<Record<string, string>> = {
  deviceManagement: "DeviceManagement",
  deviceAppManagement: "DeviceAppManagement",
  identity: "IdentityContainer",
  policies: "PolicyRoot",
  roleManagement: "RoleManagement",
  groups: "Group",
  organization: "Organization",
  servicePrincipals: "ServicePrincipal"
}

const segmentsOf = (path: string) => path.slice(1).split("/")
const isKey = (segment: string) => segment.startsWith("{")

/** The type of the objects at a path; undefined where the version has no such path. An action or a function keeps its object's type. */
const typeAt = (version: Version, path: string, isWrite: boolean): string | undefined => {
  const [root = "", ...rest] = segmentsOf(path)
  let type: string | undefined = roots[root.replace(/\(.*\)$/, "")]
  for (const [index, segment] of rest.entries()) {
    if (type === undefined || isKey(segment) || segment === "$count" || segment === "delta") continue
    const member: string | undefined = memberOf(version, type, segment)
    const isCall = (isWrite || segment.endsWith(")")) && index === rest.length - 1 && isKey(rest[index - 1] ?? "")
    if (member !== undefined || !isCall) type = member
  }
  return type
}

const typeOf = (contract: GraphContract.GraphContract) =>
  typeAt(contract.version, contract.path, GraphContract.kindOf(contract) === "write")

/** What a rule finds in the contracts, with their names. */
const problems = (rule: (contract: GraphContract.GraphContract) => string | null) =>
  contracts.flatMap((contract) => {
    const problem = rule(contract)
    return problem === null ? [] : [`${contract.name}: ${problem}`]
  })

describe("every contract, by the types that Microsoft publishes,", () => {
  it("has a path that its version has", () => {
    expect(
      problems((contract) => (typeOf(contract) === undefined ? `no ${contract.version} ${contract.path}` : null))
    ).toEqual([])
  })

  it("selects and expands only members of the type", () => {
    const unknown = (contract: GraphContract.GraphContract) => {
      const asked = [
        ...("select" in contract ? (contract.select ?? []) : []),
        ...("expand" in contract ? (contract.expand ?? []) : [])
      ]
      const names = asked.map((name) => name.replace(/\(.*$/, ""))
      const missing = names.filter((name) => memberOf(contract.version, typeOf(contract) ?? "", name) === undefined)
      return missing.length === 0 ? null : missing.join(", ")
    }
    expect(problems(unknown)).toEqual([])
  })
})

const metadata = graphMetadata()

/** Where Microsoft's permission file has a gap or a fault. */
const exceptions: ReadonlyArray<{
  readonly contract: RegExp
  readonly reason: string
}> = [
  {
    contract: /^groups\.(list|delta)$/,
    reason:
      "Nothing says which of the selected properties Group.ReadBasic.All covers; GroupMember.Read.All covers them all."
  },
  {
    contract: /^policies\/authenticationStrengthPolicies\.names$/,
    reason: "Policy.Read.All allows it as well, and whoever reads conditional access has that."
  },
  { contract: /^groups\.count$/, reason: "The file has no row for $count." },
  {
    contract: /^organization\.list$/,
    reason: "The file calls a permission of Intune the least. Organization.Read.All is what the documentation names."
  },
  {
    contract: /^deviceManagement\/deviceManagementScripts\./,
    reason:
      "The file has no row for the collection. Microsoft moved scripts to DeviceManagementScripts.* in 2025 (MC1066336)."
  },
  {
    contract: /^deviceManagement\/deviceComplianceScripts\./,
    reason: "The file merges the permissions from before and after that move."
  },
  { contract: /^deviceManagement\/roleScopeTags\.assignments\./, reason: "The file has no row for the route." },
  {
    contract: /^deviceManagement\/configurationPolicies\.update$/,
    reason: "The file lists PATCH only, which refuses settings. Every tool in use sends PUT."
  }
]

/** A path as the permission file writes it: keys with a name keep it, functions lose their arguments. */
const listedPath = (path: string) =>
  path
    .toLowerCase()
    .replace(/\((\w+)='\{.*?\}'\)(?=\/)/g, "($1={value})")
    .replace(/\(\w+='\{.*?\}'\)$/, "")
    .replace(/(?<=\/)\{[^{}]*\}/g, "{id}")

/** What is wrong with the permissions of a contract; null if Microsoft lists them as allowed and least. */
const permissionProblem = (contract: GraphContract.GraphContract): string | null => {
  const request = `${GraphContract.methodOf(contract)} ${listedPath(contract.path)}`
  const listed = metadata?.permissions[listedPath(contract.path)]?.[GraphContract.methodOf(contract)]
  if (listed === undefined) return `${request} is not listed`
  const wrong = contract.permissions.filter(({ name }) => !listed.includes(`${name}*`))
  return wrong.length === 0
    ? null
    : `${request} takes ${listed.join(", ")}, not ${wrong.map(({ name }) => name).join(", ")}`
}

describe.skipIf(metadata === null)("every contract, by Microsoft's permission file,", () => {
  it("declares the least permission that its method and path take", () => {
    const isExcepted = ({ name }: GraphContract.GraphContract) => exceptions.some(({ contract }) => contract.test(name))
    expect(problems((contract) => (isExcepted(contract) ? null : permissionProblem(contract)))).toEqual([])
  })

  it("is an exception only where the file says otherwise", () => {
    const excepted = exceptions.flatMap((exception) =>
      contracts
        .filter(({ name }) => exception.contract.test(name))
        .map((contract) => ({ ...exception, found: contract }))
    )
    expect(excepted.filter(({ found }) => permissionProblem(found) === null)).toEqual([])
    expect(exceptions.filter((exception) => !excepted.some(({ contract }) => contract === exception.contract))).toEqual(
      []
    )
  })
})
