/**
 * What a restore asks of Graph: reading a policy as it is now, creating, changing and assigning it.
 *
 * @module
 */

import { ExactJson, Graph, GraphError, type TenantScope } from "@atlas/operations"
import { Effect, Struct } from "effect"
import { canonicalContent, type PolicyContent } from "../policies/PolicyContent.ts"
import { readPolicy } from "../policies/PolicyObject.ts"
import { recordOf } from "../policies/PolicyRecord.ts"
import type { GraphObject, PolicySource, PolicyWrites } from "../policies/PolicySource.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { withoutSecrets } from "./withoutSecrets.ts"

/** A policy to write. */
export interface RestoringPolicy {
  readonly source: PolicySource
  readonly writes: PolicyWrites
  readonly foldedTitle: string
  readonly odataType: string | null
  /** What it is to say in this tenant: canonical JSON, with references in place of secrets. */
  readonly content: PolicyContent
  /** Its assignments in this tenant; null if the backup has none. */
  readonly assignments: PolicyContent | null
}

/** The record of a policy as the tenant has it now, and what it says; null if it is gone. */
export const currentPolicy = Effect.fnUntraced(function* (tenant: TenantScope, source: PolicySource, id: string) {
  const salt = yield* PolicyStore.use((store) => store.salt(tenant))
  const policy = yield* readPolicy(tenant, source, id)
  if (policy === null) return null
  const { contents, record } = recordOf(source, policy, salt)
  const content = contents.find(({ hash }) => hash === record.contentHash)
  return content === undefined ? yield* Effect.die(new Error("A record without its content")) : { record, content }
})

const bodyOf = Effect.fnUntraced(function* (tenant: TenantScope, text: string) {
  const store = yield* PolicyStore
  return yield* store
    .reveal(tenant, text)
    .pipe(Effect.mapError(({ message }) => new GraphError({ reasonCode: "ext.restore.secret_unreadable", message })))
})

const storedBody = Effect.fnUntraced(function* (tenant: TenantScope, hash: string) {
  const text = (yield* PolicyStore.use((store) => store.texts(tenant, [hash]))).get(hash)
  if (text === undefined) return yield* Effect.die(new Error("A content of a backup is gone"))
  return yield* bodyOf(tenant, text)
})

/** Fails as a write fails, without the secrets of its body in the message. */
const refusing = (body: GraphObject) => (error: GraphError) =>
  // A spread does not copy an error's message.
  new GraphError({ ...error, message: withoutSecrets(error.message, canonicalContent(body).secrets.values()) })

/** Creates a policy as the backup has it, and returns its id. */
export const createPolicy = Effect.fnUntraced(function* (tenant: TenantScope, wanted: RestoringPolicy) {
  const graph = yield* Graph
  const body = writable(yield* bodyOf(tenant, wanted.content.text))
  const { id } = yield* graph.write(tenant, wanted.writes.create, {}, body).pipe(Effect.mapError(refusing(body)))
  return id
})

/** An object without what Graph makes itself when it encrypts a value. */
const writable = (object: GraphObject): GraphObject => {
  const { omaSettings } = object
  if (!Array.isArray(omaSettings)) return object
  const rows = omaSettings.map((row) => Struct.omit(row as GraphObject, ["isEncrypted", "secretReferenceValueId"]))
  return { ...object, omaSettings: rows }
}

/** What Graph writes where a policy says nothing. */
const defaults: GraphObject = { roleScopeTagIds: ["0"], roleScopeTags: ["0"] }

/**
 * The body of an update: what differs from the tenant, and null for what only the tenant has. What Graph lets nobody change does
 * not differ, or the plan would have said so. An update that replaces the object sends it whole.
 */
const updateBody = (wanted: RestoringPolicy, body: GraphObject, current: GraphObject): GraphObject => {
  if (wanted.writes.update.method === "PUT") return writable(body)
  const names = [...new Set([...Object.keys(body), ...Object.keys(current)])]
  const differs = (name: string) => JSON.stringify(body[name]) !== JSON.stringify(current[name])
  const sent = names.filter((name) => name === "@odata.type" || differs(name))
  return writable(Object.fromEntries(sent.map((name) => [name, body[name] ?? defaults[name] ?? null])))
}

/**
 * Makes a policy say what the backup says.
 *
 * @param seenHash of what it says now
 */
export const updatePolicy = Effect.fnUntraced(function* (
  tenant: TenantScope,
  wanted: RestoringPolicy,
  id: string,
  seenHash: string
) {
  const graph = yield* Graph
  const { children, update } = wanted.writes
  const body = yield* bodyOf(tenant, wanted.content.text)
  const current = yield* storedBody(tenant, seenHash)
  const apart: ReadonlyArray<string> = children === null ? [] : [children.of]
  const without = (object: GraphObject) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !apart.includes(name)))
  const changed = updateBody(wanted, without(body), without(current))
  if (Object.keys(changed).some((name) => name !== "@odata.type")) {
    yield* graph.write(tenant, update, { id }, changed).pipe(Effect.mapError(refusing(body)))
  }
  for (const property of apart) {
    const [before, after] = [current[property], body[property]]
    if (children === null || after === undefined || JSON.stringify(before) === JSON.stringify(after)) continue
    const sent = { [children.property]: after }
    yield* graph.write(tenant, children.contract, { id }, sent).pipe(Effect.mapError(refusing(body)))
  }
})

/** Assigns a policy as the plan has it. */
export const assignPolicy = Effect.fnUntraced(function* (tenant: TenantScope, wanted: RestoringPolicy, id: string) {
  const { assign } = wanted.writes
  if (assign === null || wanted.assignments === null) return
  const graph = yield* Graph
  const assignments: unknown = ExactJson.parse(wanted.assignments.text)
  yield* graph.write(tenant, assign.contract, { id }, { [assign.property]: assignments })
})
