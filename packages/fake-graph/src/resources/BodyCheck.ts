/**
 * Whether the body of a write says only what the types of Graph allow.
 *
 * @module
 */
import { ExactJson } from "@atlas/operations"
import { Option, Schema } from "effect"
import { findMember, type FakeVersion, hasType, isAbstract, isOfType, type TypeMember } from "../metadata/TypeModel.ts"
import type { FakeReply } from "../FakeRequest.ts"
import type { FakeCall } from "./FakeCall.ts"
import { badRequest } from "./FakePaging.ts"
import { modelRefusal, unreported } from "./Refusals.ts"
import { isJsonObject, type JsonObject, typeOf } from "./Shape.ts"

const decodeObject = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown), { reviver: ExactJson.reviver })
)

/** The body of a write, or the refusal of one that is no JSON object. */
export const jsonBody = ({ request }: FakeCall): JsonObject | FakeReply =>
  Option.getOrElse(decodeObject(request.body), () => badRequest("The request body must be a JSON object."))

const typeRefusal = (type: string, declared: string, version: FakeVersion): FakeReply | undefined => {
  if (!hasType(type, version)) {
    return modelRefusal(
      `A type named 'microsoft.graph.${type}' could not be resolved by the model. When a model is available, each type name ` +
        "must resolve to a valid type.",
      `${version} has no type ${type}.`
    )
  }
  if (!isOfType(type, declared)) {
    return modelRefusal(
      `A type named 'microsoft.graph.${type}' is not assignable to the expected type 'microsoft.graph.${declared}'.`,
      `An object of the type ${type} belongs to another collection.`
    )
  }
  return isAbstract(type)
    ? modelRefusal(
        `Cannot create an abstract class: 'microsoft.graph.${type}'.`,
        `${type} is abstract: the body must name a type that extends it in @odata.type.`
      )
    : undefined
}

const shapeRefusal = (name: string, expected: string): FakeReply =>
  modelRefusal(
    `The property '${name}' must be ${expected}.`,
    `A value of ${name} that is not ${expected} is malformed.`
  )

const valueRefusal = (value: unknown, member: TypeMember, version: FakeVersion): FakeReply | undefined => {
  const { isCollection, name, type } = member
  if (value === null) return undefined
  if (isCollection !== Array.isArray(value)) return shapeRefusal(name, isCollection ? "a collection" : "one value")
  if (type === undefined) return undefined
  for (const each of Array.isArray(value) ? value : [value]) {
    const refused = isJsonObject(each) ? bodyRefusal(each, type, version) : shapeRefusal(name, "an object")
    if (refused !== undefined) return refused
  }
  return undefined
}

const memberRefusal = (name: string, value: unknown, type: string, version: FakeVersion): FakeReply | undefined => {
  if (name === "@odata.type") return undefined
  if (name.includes("@odata.") || name.startsWith("#")) {
    return modelRefusal(`The annotation '${name}' is not valid in a request.`, unreported(`the annotation ${name}`))
  }
  const member = findMember(type, name, version)
  return member === undefined
    ? modelRefusal(
        `The property '${name}' does not exist on type 'microsoft.graph.${type}'. Make sure to only use property names that ` +
          "are defined by the type.",
        `${version} has no property ${name} on ${type}.`
      )
    : valueRefusal(value, member, version)
}

/**
 * The refusal of a body, or undefined if its types and members are those of the version.
 *
 * @param declared the type that the collection or property has, which the body may extend
 */
export const bodyRefusal = (body: JsonObject, declared: string, version: FakeVersion): FakeReply | undefined => {
  const type = typeOf(body, declared)
  const wrongType = typeRefusal(type, declared, version)
  if (wrongType !== undefined) return wrongType
  for (const [name, value] of Object.entries(body)) {
    const refused = memberRefusal(name, value, type, version)
    if (refused !== undefined) return refused
  }
  return undefined
}
