/**
 * Writing the objects of a collection other than groups. `WriteCheck` and `Guards` say what is refused.
 *
 * @module
 */
import { Predicate, Struct } from "effect"
import type { FakeAssign } from "../tenant/ResourceRules.ts"
import { uuidFrom } from "../FakeRandom.ts"
import type { FakeItem } from "../tenant/FakeCollection.ts"
import { errorReply, type FakeReply, jsonReply } from "../FakeRequest.ts"
import { badRequest, isReply } from "./FakePaging.ts"
import { assignRefusal, changeRefusal, creationRefusal, removalRefusal } from "./Guards.ts"
import { changed, made, madeAssignment, madeRules, plainText } from "./Made.ts"
import { type FakeResourceCall, find, notFound, toldAfterWrite, versionOf } from "./Reading.ts"
import { because, intuneReply, unreported } from "./Refusals.ts"
import { jsonBody, bodyRefusal } from "./BodyCheck.ts"
import { findMember } from "../metadata/TypeModel.ts"
import { isJsonObject, type JsonObject, typeOf } from "./Shape.ts"
import { referenceRefusal, writeRefusal } from "./WriteCheck.ts"

/** An id for a new object. */
const newId = ({ items, random, resource }: FakeResourceCall): string =>
  resource.ids === "number" ? String(items.unusedNumber) : uuidFrom(random)

/** `POST` to the collection: adds an object. */
export const create = (call: FakeResourceCall): FakeReply => {
  const { resource } = call
  const body = jsonBody(call)
  if (isReply(body)) return body
  const refused = writeRefusal(call, body, undefined, resource.type) ?? creationRefusal(call, body)
  if (refused !== undefined) return refused
  const type = { "@odata.type": `#microsoft.graph.${typeOf(body, resource.type)}` }
  const item = { ...(resource.home === undefined ? {} : type), ...made(body, resource.type, newId(call), call) }
  call.items.put(item)
  return jsonReply(resource.status.created, toldAfterWrite(call, item))
}

const isStale = ({ items, request }: FakeResourceCall, id: string) => {
  const wanted = request.headers["if-match"]
  return wanted !== undefined && wanted !== "*" && wanted !== items.etag(id)
}

const outdated = errorReply(412, "PreconditionFailed", "The object was changed since the given etag.")

/** What a change leaves as it is: all of the object, or of a replaced one what only the service writes. */
const keptOf = (item: FakeItem, isReplaced: boolean): FakeItem => {
  const kept = ["id", "@odata.type", "createdDateTime", "version", "creationSource", "isAssigned", "assignments"]
  return isReplaced
    ? ({
        ...Struct.pick(
          item,
          kept.filter((name) => name in item)
        ),
        id: item.id
      } as FakeItem)
    : item
}

/** `PATCH` or `PUT` of one object: replaces the given properties, or all of it. */
export const update = (call: FakeResourceCall, id: string): FakeReply => {
  const { items, request, resource } = call
  const item = find(call, id)
  if (item === undefined) return notFound(id)
  if (isStale(call, id)) return outdated
  const body = jsonBody(call)
  if (isReply(body)) return body
  const refused = writeRefusal(call, body, item, resource.type) ?? changeRefusal(call, item, body)
  if (refused !== undefined) return refused
  const now = changed(keptOf(item, request.method === "PUT"), body, resource.type, call)
  items.put(now)
  const { updated } = resource.status
  return jsonReply(updated, updated === 204 ? "" : toldAfterWrite(call, now))
}

/** `DELETE` of one object. */
export const remove = (call: FakeResourceCall, id: string): FakeReply => {
  const item = find(call, id)
  if (item === undefined) return notFound(id)
  if (isStale(call, id)) return outdated
  const refused = removalRefusal(call, item)
  if (refused !== undefined) return refused
  call.items.remove(id)
  return jsonReply(204, "")
}

/** The one parameter of an action, which is a list of objects. */
const parameterOf = (call: FakeResourceCall, name: string): ReadonlyArray<JsonObject> | FakeReply => {
  const body = jsonBody(call)
  if (isReply(body)) return body
  const foreign = Object.keys(body).find((given) => given !== name)
  if (foreign !== undefined || !(name in body)) {
    return because(
      badRequest(`Action parameters do not contain parameter '${foreign ?? name}'.`),
      `The action takes ${name}, and nothing else.`
    )
  }
  const value = body[name]
  return Array.isArray(value) && value.every(isJsonObject)
    ? (value as ReadonlyArray<JsonObject>)
    : badRequest(`The parameter '${name}' must be a list of objects.`)
}

const assignmentType = (call: FakeResourceCall, item: FakeItem): string =>
  findMember(typeOf(item, call.resource.type), "assignments", versionOf(call))?.type ?? ""

const assignmentRefusal = (
  call: FakeResourceCall,
  { besides }: FakeAssign,
  type: string,
  assignment: JsonObject
): FakeReply | undefined => {
  const foreign = Object.keys(assignment).find((name) => ![...besides, "target", "@odata.type"].includes(name))
  if (foreign !== undefined) {
    return intuneReply(
      call,
      "An error has occurred",
      unreported(`${foreign} in an assignment: tools in use send its target`)
    )
  }
  if (!isJsonObject(assignment["target"])) {
    return intuneReply(call, "An error has occurred", "An assignment without a target fails the whole action.")
  }
  return bodyRefusal(assignment, type, versionOf(call)) ?? referenceRefusal(call, assignment, type)
}

/** What a target is: the second assignment of the same one is ignored. */
const targetKey = ({ target }: JsonObject): string => {
  const { collectionId, groupId, "@odata.type": type } = (Predicate.isObject(target) ? target : {}) as JsonObject
  return JSON.stringify([type, groupId, collectionId])
}

/** `POST {id}/assign`: replaces the assignments of one object. */
export const assign = (call: FakeResourceCall, id: string, rules: FakeAssign): FakeReply => {
  const item = find(call, id)
  if (item === undefined) return notFound(id)
  const wanted = parameterOf(call, rules.parameter)
  if (isReply(wanted)) return wanted
  const type = assignmentType(call, item)
  const refused =
    assignRefusal(call, item) ??
    wanted.map((each) => assignmentRefusal(call, rules, type, each)).find((reply) => reply !== undefined)
  if (refused !== undefined) return refused
  const distinct = [...Map.groupBy(wanted, targetKey).values()].flatMap((same) => same.slice(0, 1))
  const assignments = distinct.map((each) => madeAssignment(each, type, id, call))
  const now = { ...item, assignments, ...("isAssigned" in item ? { isAssigned: assignments.length > 0 } : {}) }
  call.items.put(now)
  return rules.status === 204 ? jsonReply(204, "") : jsonReply(200, JSON.stringify({ value: assignments }))
}

/** `POST {id}/scheduleActionsForRules`: replaces the actions for a device that does not comply. */
export const scheduleActions = (call: FakeResourceCall, id: string): FakeReply => {
  const item = find(call, id)
  if (item === undefined) return notFound(id)
  const rules = parameterOf(call, "deviceComplianceScheduledActionForRules")
  if (isReply(rules)) return rules
  const refused =
    rules
      .map((rule) => writeRefusal(call, rule, undefined, "deviceComplianceScheduledActionForRule"))
      .find((reply) => reply !== undefined) ?? creationRefusal(call, { scheduledActionsForRule: rules })
  if (refused !== undefined) return refused
  call.items.put(changed({ ...item, scheduledActionsForRule: madeRules(rules, call) }, {}, call.resource.type, call))
  return jsonReply(204, "")
}

/** `GET {id}/getOmaSettingPlainTextValue(secretReferenceValueId='…')`. */
export const plainOmaValue = (call: FakeResourceCall, id: string, reference: string): FakeReply => {
  const settings = find(call, id)?.["omaSettings"]
  const setting = [settings ?? []]
    .flat()
    .find((each) => isJsonObject(each) && each["secretReferenceValueId"] === reference && each["isEncrypted"] === true)
  return isJsonObject(setting) ? jsonReply(200, JSON.stringify({ value: plainText(setting) })) : notFound(reference)
}
