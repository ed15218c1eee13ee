/**
 * The rules of a write that no table of members can say: they look at the object as a whole, or at what else the tenant has.
 *
 * @module
 */
import { membersOf, isOfType } from "../metadata/TypeModel.ts"
import type { FakeItem } from "../tenant/FakeCollection.ts"
import type { FakeReply } from "../FakeRequest.ts"
import type { FakeResourceCall } from "./Reading.ts"
import { fakeResources } from "../tenant/FakeResources.ts"
import { badRequest } from "./FakePaging.ts"
import { because, intuneReply, modelRefusal, unreported } from "./Refusals.ts"
import { isJsonObject, type JsonObject, typeOf } from "./Shape.ts"

const isDefaultEnrollment = ({ resource }: FakeResourceCall, item: FakeItem): boolean =>
  resource.type === "deviceEnrollmentConfiguration" && item["priority"] === 0

const isBuiltIn = ({ resource }: FakeResourceCall, item: FakeItem): boolean =>
  ["roleScopeTag", "roleDefinition"].includes(resource.type) && item["isBuiltIn"] === true

/** The refusal of a request that would change, assign or delete what every tenant has. */
const standardRefusal = (call: FakeResourceCall, item: FakeItem, verb: string): FakeReply | undefined => {
  if (isBuiltIn(call, item)) {
    return intuneReply(call, `A built-in object cannot be ${verb}`, "Built-in objects are Microsoft's.")
  }
  return isDefaultEnrollment(call, item)
    ? intuneReply(call, `The default configuration cannot be ${verb}`, "Every tenant has its default configurations.")
    : undefined
}

const blocksIn = (body: JsonObject): number =>
  [body["scheduledActionsForRule"] ?? []]
    .flat()
    .filter(isJsonObject)
    .flatMap((rule) => [rule["scheduledActionConfigurations"] ?? []].flat())
    .filter((action) => isJsonObject(action) && action["actionType"] === "block").length

const needsOneBlock = (call: FakeResourceCall, body: JsonObject): FakeReply | undefined =>
  call.resource.type === "deviceCompliancePolicy" && blocksIn(body) !== 1
    ? intuneReply(
        call,
        "A compliance policy must have one and only one block scheduled action",
        "A compliance policy has exactly one block action (microsoft-graph-docs 4103, 7746)."
      )
    : undefined

const retired = "deviceEnrollmentPlatformRestrictionsConfiguration"

const restrictions = [retired, "deviceEnrollmentPlatformRestrictionConfiguration"]

/** Restrictions of platforms are written by people only, whatever an app's permissions are. */
const appRefusal = (call: FakeResourceCall, type: string): FakeReply | undefined =>
  restrictions.includes(type)
    ? intuneReply(
        call,
        "Tenant is not Global Admin or Intune Service Admin",
        "No app may write platform restrictions (Microsoft365DSC 5127, 5530, 7189).",
        "Forbidden",
        403
      )
    : undefined

const creationRefusals: ReadonlyArray<(call: FakeResourceCall, body: JsonObject) => FakeReply | undefined> = [
  needsOneBlock,
  (call, body) =>
    typeOf(body, call.resource.type) === retired
      ? intuneReply(
          call,
          "Single-policy enrollment restrictions are no longer supported",
          "The restriction of all platforms in one object can no longer be made (Microsoft365DSC 7189)."
        )
      : undefined,
  (call, body) => appRefusal(call, typeOf(body, call.resource.type)),
  (call, body) =>
    call.resource.type === "deviceHealthScript" && (body["detectionScriptContent"] ?? "") === ""
      ? intuneReply(call, "The detection script must not be empty", "A remediation detects something.")
      : undefined,
  (call, body) =>
    call.resource.type === "deviceEnrollmentConfiguration" &&
    isOfType(typeOf(body, ""), "deviceEnrollmentWindowsHelloForBusinessConfiguration")
      ? intuneReply(
          call,
          "Request not applicable to target tenant",
          unreported("a second Windows Hello for Business setting")
        )
      : undefined
]

/** The refusal of a creation, or undefined. */
export const creationRefusal = (call: FakeResourceCall, body: JsonObject): FakeReply | undefined => {
  for (const refusal of creationRefusals) {
    const refused = refusal(call, body)
    if (refused !== undefined) return refused
  }
  return undefined
}

/** The default restriction of platforms is written as a whole: what is left out would be reset. */
const partRefusal = (call: FakeResourceCall, item: FakeItem, body: JsonObject): FakeReply | undefined => {
  if (!isDefaultEnrollment(call, item) || typeOf(item, "") !== retired) return undefined
  const missing = membersOf(retired, "beta")
    .map(({ name }) => name)
    .filter((name) => name.endsWith("Restriction") && (item[name] ?? null) !== null && !(name in body))
  return missing.length === 0
    ? undefined
    : intuneReply(
        call,
        `The request must have all platforms: ${missing.join(", ")}`,
        "The default platform restriction takes only the whole object (microsoft-graph-docs-contrib 1843, 1845)."
      )
}

/** The refusal of a change, or undefined. */
export const changeRefusal = (call: FakeResourceCall, item: FakeItem, body: JsonObject): FakeReply | undefined => {
  const { type } = call.resource
  if (isBuiltIn(call, item)) return standardRefusal(call, item, "changed")
  if (typeOf(body, type) !== typeOf(item, type)) {
    return modelRefusal(
      `The type of an object cannot be changed from 'microsoft.graph.${typeOf(item, type)}'.`,
      "An object stays of the type that it was made with."
    )
  }
  return partRefusal(call, item, body) ?? appRefusal(call, typeOf(item, type))
}

/** The refusal of an assignment, or undefined. */
export const assignRefusal = (call: FakeResourceCall, item: FakeItem): FakeReply | undefined =>
  standardRefusal(call, item, "assigned") ?? appRefusal(call, typeOf(item, call.resource.type))

/** A filter is locked while an assignment names it. */
const usedRefusal = (call: FakeResourceCall, { id }: FakeItem): FakeReply | undefined => {
  if (call.resource.type !== "deviceAndAppManagementAssignmentFilter") return undefined
  const isUsed = fakeResources.some(
    ({ assign, path }) =>
      assign !== undefined &&
      call.tenant
        .collection(path)
        .all()
        .some(({ assignments }) => JSON.stringify(assignments ?? []).includes(`FilterId":"${id}"`))
  )
  return isUsed
    ? intuneReply(
        call,
        "The assignment filter is in use",
        "A filter is locked while it is used (terraform-provider-microsoft365)."
      )
    : undefined
}

/** A trusted location must be untrusted first. */
const trustedRefusal = ({ resource }: FakeResourceCall, item: FakeItem): FakeReply | undefined =>
  resource.type === "namedLocation" && item["isTrusted"] === true
    ? because(
        badRequest("A trusted named location cannot be deleted."),
        "Set isTrusted to false first (azure-docs PR 108713)."
      )
    : undefined

/** The refusal of a deletion, or undefined. */
export const removalRefusal = (call: FakeResourceCall, item: FakeItem): FakeReply | undefined =>
  standardRefusal(call, item, "deleted") ??
  appRefusal(call, typeOf(item, call.resource.type)) ??
  usedRefusal(call, item) ??
  trustedRefusal(call, item)
