/**
 * The routes of the collections of `FakeResources`, and what a path gets that is none of them.
 *
 * @module
 */
import { findMember, type FakeVersion } from "../metadata/TypeModel.ts"
import type { NeededPermissions } from "../metadata/Permissions.ts"
import { fakeResources } from "../tenant/FakeResources.ts"
import type { FakeChildren, FakeResource } from "../tenant/ResourceRules.ts"
import type { FakeReply } from "../FakeRequest.ts"
import * as ChildWriting from "./ChildWriting.ts"
import type { FakeCall } from "./FakeCall.ts"
import * as Reading from "./Reading.ts"
import { noRoute, noSegment, unreported } from "./Refusals.ts"
import * as Writing from "./Writing.ts"

/** A path with its method, permissions and handler. */
export interface FakeRoute {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  /** The path below the version, with `{id}` for ids. */
  readonly template: string
  /** Matches the whole decoded path. The handler gets the captured groups. */
  readonly path: RegExp
  readonly permissions: NeededPermissions
  readonly handle: (call: FakeCall, ...parts: ReadonlyArray<string>) => FakeReply
  readonly intune: boolean
}

type Handle = (call: Reading.FakeResourceCall, ...parts: ReadonlyArray<string>) => FakeReply

const escaped = (text: string): string => text.replace(/[.()$]/g, String.raw`\$&`)

/** An id is a segment, or in quotes behind the name of its collection. */
const expressionOf = (template: string): string =>
  template
    .split("/{id}")
    .map((part) => escaped(part).replace("{value}", "([^']+)"))
    .join(String.raw`(?:/([^/()]+)|\('([^/]+)'\))`)

type MakeRoute = (method: FakeRoute["method"], rest: string, handle: Handle) => FakeRoute
type Children = ReadonlyArray<readonly [name: string, rules: FakeChildren]>

const readingRoutes = (resource: FakeResource, children: Children, make: MakeRoute): ReadonlyArray<FakeRoute> => [
  make("GET", "", Reading.list),
  make("GET", "/{id}", (call, id = "") => Reading.get(call, id)),
  ...children.map(([name]) => make("GET", `/{id}/${name}`, (call, id = "") => Reading.children(call, id, name))),
  ...(resource.type === "deviceConfiguration"
    ? [
        make(
          "GET",
          "/{id}/getOmaSettingPlainTextValue(secretReferenceValueId='{value}')",
          (call, id = "", reference = "") => Writing.plainOmaValue(call, id, reference)
        )
      ]
    : [])
]

const writingRoutes = (resource: FakeResource, children: Children, make: MakeRoute): ReadonlyArray<FakeRoute> => {
  const { assign, updates } = resource
  return [
    make("POST", "", Writing.create),
    ...updates.map((method) => make(method, "/{id}", (call, id = "") => Writing.update(call, id))),
    ...(assign === undefined
      ? []
      : [make("POST", "/{id}/assign", (call, id = "") => Writing.assign(call, id, assign))]),
    ...("scheduledActionsForRule" in resource.children
      ? [make("POST", "/{id}/scheduleActionsForRules", (call, id = "") => Writing.scheduleActions(call, id))]
      : []),
    ...children
      .filter(([, { writable }]) => writable)
      .flatMap(([name]) => [
        make("POST", `/{id}/${name}`, (call, id = "") => ChildWriting.createChild(call, id, name)),
        make("PATCH", `/{id}/${name}/{id}`, (call, id = "", child = "") =>
          ChildWriting.updateChild(call, id, child, name)
        ),
        make("DELETE", `/{id}/${name}/{id}`, (call, id = "", child = "") =>
          ChildWriting.removeChild(call, id, child, name)
        )
      ])
  ]
}

const routesOf = (resource: FakeResource): ReadonlyArray<FakeRoute> => {
  const versions = resource.versions.map(escaped).join("|")
  const { intune, read, remove, write } = resource
  const to =
    (permissions: NeededPermissions) =>
    (method: FakeRoute["method"], rest: string, handle: Handle): FakeRoute => {
      const template = `/${resource.path}${rest}`
      return {
        method,
        template,
        path: new RegExp(`^/(?:${versions})${expressionOf(template)}$`),
        permissions,
        intune,
        handle: (call, ...parts) =>
          handle({ ...call, resource, items: call.tenant.collection(resource.path) }, ...parts)
      }
    }
  const children = Object.entries(resource.children).filter(([, { route }]) => route !== "refused")
  return [
    ...readingRoutes(resource, children, to(read)),
    ...(write === undefined ? [] : writingRoutes(resource, children, to(write))),
    ...(write === undefined
      ? []
      : [to(remove ?? write)("DELETE", "/{id}", (call, id = "") => Writing.remove(call, id))])
  ]
}

/** The routes of every collection. */
export const collectionRoutes: ReadonlyArray<FakeRoute> = fakeResources.flatMap(routesOf)

/** `/beta/deviceManagement/x('1')/y` is version, path below it, and its segments. */
const partsOf = (path: string) => {
  const [, version = "", rest = ""] = /^\/(v1\.0|beta)\/(.*)$/.exec(path) ?? []
  return {
    version: version as FakeVersion,
    segments: rest.replaceAll(/\('[^']*'\)/g, (found) => `/${found}`).split("/")
  }
}

/** `~/singleton/navigation/key/navigation`, as Intune describes a path. */
const templateOf = (segments: ReadonlyArray<string>): string =>
  ["~", "singleton", ...segments.slice(1).map((_, index) => (index % 2 === 0 ? "navigation" : "key"))].join("/")

/**
 * The answer of Intune to a path or a verb that it has no route for; undefined for paths of other services.
 *
 * @param path decoded
 */
export const intuneMissing = (call: FakeCall, path: string): FakeReply | undefined => {
  const { segments, version } = partsOf(path)
  const [service = "", name = "", , child] = segments
  if (!["deviceManagement", "deviceAppManagement"].includes(service)) return undefined
  const resource = fakeResources.find((each) => each.path === `${service}/${name}`)
  if (resource === undefined || !resource.versions.includes(version)) {
    const reason = resource === undefined ? unreported(`the path ${path}`) : `${version} has no ${resource.path}.`
    return noSegment(name, reason)
  }
  const template = templateOf(segments)
  if (child === undefined) {
    return noRoute(call, template, unreported(`${call.request.method} on ${resource.path}`))
  }
  if (resource.children[child]?.route === "refused") {
    return noRoute(call, template, `Metadata lists ${child} below ${resource.path}, and the service refuses it.`)
  }
  return findMember(resource.type, child, version) !== undefined || ["assign", "assignments"].includes(child)
    ? noRoute(call, template, unreported(`${call.request.method} on ${child} below ${resource.path}`))
    : noSegment(child, unreported(`the path ${path}`))
}
