/**
 * Writing children that have routes of their own below an object: the localized texts of a notification template.
 *
 * @module
 */
import type { FakeItem } from "../tenant/FakeCollection.ts"
import { findMember } from "../metadata/TypeModel.ts"
import { type FakeReply, jsonReply } from "../FakeRequest.ts"
import { jsonBody } from "./BodyCheck.ts"
import { isReply } from "./FakePaging.ts"
import { type FakeResourceCall, find, notFound, versionOf } from "./Reading.ts"
import { intuneReply, noReason, unreported } from "./Refusals.ts"
import { writeRefusal } from "./WriteCheck.ts"

/** A child, the object that it belongs to, and its siblings. */
interface Family {
  readonly item: FakeItem
  readonly name: string
  readonly type: string
  readonly all: ReadonlyArray<FakeItem>
}

const familyOf = (call: FakeResourceCall, id: string, name: string): Family | undefined => {
  const item = find(call, id)
  if (item === undefined) return undefined
  const children = item[name]
  const type = findMember(call.resource.type, name, versionOf(call))?.type ?? ""
  return {
    item,
    name,
    type,
    all: Array.isArray(children) ? (children as ReadonlyArray<FakeItem>) : []
  }
}

/** Stores the children. The default one decides the object's default locale. */
const store = (call: FakeResourceCall, { item, name }: Family, all: ReadonlyArray<FakeItem>): void => {
  const standard = all.find(({ isDefault }) => isDefault === true)
  call.items.put({ ...item, [name]: all, ...(standard === undefined ? {} : { defaultLocale: standard["locale"] }) })
}

/** `child` in place of the one with its id, and the only default if it is one. */
const withChild = ({ all }: Family, child: FakeItem): ReadonlyArray<FakeItem> => {
  const others = all.map((each) => (child["isDefault"] === true ? { ...each, isDefault: false } : each))
  return all.some(({ id }) => id === child.id)
    ? others.map((each) => (each.id === child.id ? child : each))
    : [...others, child]
}

/** `POST {id}/{name}`. */
export const createChild = (call: FakeResourceCall, id: string, name: string): FakeReply => {
  const family = familyOf(call, id, name)
  if (family === undefined) return notFound(id)
  const body = jsonBody(call)
  if (isReply(body)) return body
  const refused = writeRefusal(call, body, undefined, family.type)
  if (refused !== undefined) return refused
  const locale = String(body["locale"])
  const child: FakeItem = { isDefault: false, ...body, id: `${id}_${locale}` }
  if (family.all.some((each) => each.id === child.id)) {
    return intuneReply(call, noReason, unreported(`a second message in ${locale}`))
  }
  store(call, family, withChild(family, child))
  return jsonReply(200, JSON.stringify(child))
}

/** `PATCH {id}/{name}/{childId}`. A default message stays the default until another one is. */
export const updateChild = (call: FakeResourceCall, id: string, childId: string, name: string): FakeReply => {
  const family = familyOf(call, id, name)
  const child = family?.all.find((each) => each.id === childId)
  if (family === undefined || child === undefined) return notFound(childId)
  const body = jsonBody(call)
  if (isReply(body)) return body
  const refused = writeRefusal(call, body, child, family.type)
  if (refused !== undefined) return refused
  if (body["isDefault"] === false) {
    return intuneReply(call, noReason, "isDefault can be set to true, never to false (IntuneCD).")
  }
  const changed: FakeItem = { ...child, ...body, id: childId }
  store(call, family, withChild(family, changed))
  return jsonReply(200, JSON.stringify(changed))
}

/** `DELETE {id}/{name}/{childId}`. */
export const removeChild = (call: FakeResourceCall, id: string, childId: string, name: string): FakeReply => {
  const family = familyOf(call, id, name)
  if (family === undefined || !family.all.some((each) => each.id === childId)) return notFound(childId)
  store(
    call,
    family,
    family.all.filter((each) => each.id !== childId)
  )
  return jsonReply(204, "")
}
