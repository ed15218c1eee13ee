/**
 * Values that somebody gives for a restore, where policies of the backup lack them: Graph does not reveal them, or they are of
 * another tenant. They are sealed like every secret, and the restore is of the policies with them; the backup stays as it is.
 *
 * @module
 */

import { Problems, Storable, type TenantScope } from "@atlas/operations"
import { Effect, Schema } from "effect"
import { isMasked } from "../policies/content/SecretNames.ts"
import { lackingSecrets, withValues } from "../policies/PolicyContent.ts"
import { PolicyStore } from "../policies/PolicyStore.ts"
import { type GivenContent, makeRestoreStore } from "./RestoreStore.ts"

/** A value for a member of a policy. */
export const GivenValue = Schema.Struct({
  source: Storable.Text,
  id: Storable.Text,
  /** Where the member is, as a plan names it: `omaSettings/0/value`. */
  path: Storable.Text,
  value: Storable.Text.check(Schema.isMinLength(1), Schema.isMaxLength(1_000_000))
})
export type GivenValue = typeof GivenValue.Type

/** What is asked for. */
interface Asked {
  readonly backup: string
  readonly items: ReadonlyArray<Pick<GivenValue, "id" | "source">> | null
  readonly values: ReadonlyArray<GivenValue>
}

const keyOf = ({ id, source }: Pick<GivenValue, "id" | "source">) => JSON.stringify([source, id])

const mostProblems = 20

/**
 * Makes the function that stores the policies of a backup with the values that were given for them. Call it inside a transaction.
 * `InvalidInput` names every value that no policy of the restore lacks.
 */
export const makeGiveValues = Effect.gen(function* () {
  const policies = yield* PolicyStore
  const store = yield* makeRestoreStore

  return Effect.fn("giveValues")(function* (tenant: TenantScope, { backup, items, values }: Asked) {
    if (values.length === 0) return []
    const chosen = items === null ? null : new Set(items.map(keyOf))
    const found = yield* store.listContents(tenant, backup, values)
    const texts = yield* policies.texts(
      tenant,
      found.map(({ hash }) => hash)
    )
    const contents = new Map(found.map((policy) => [keyOf(policy), texts.get(policy.hash) ?? "{}"]))
    const lacking = new Map(
      yield* Effect.forEach(contents, ([key, text]) =>
        Effect.map(policies.knownSecrets(tenant, text), (known) => [key, lackingSecrets(text, known)] as const)
      )
    )
    const problemOf = (value: GivenValue, at: number) => {
      const pointer = `/values/${at}`
      const paths = lacking.get(keyOf(value))
      if (paths === undefined || chosen?.has(keyOf(value)) === false)
        return { pointer, detail: "The restore is not of this policy" }
      if (!paths.includes(value.path)) return { pointer: `${pointer}/path`, detail: "The policy lacks no value there" }
      return isMasked(value.value)
        ? { pointer: `${pointer}/value`, detail: "It is a mask: give the value itself" }
        : null
    }
    const errors = values.map(problemOf).filter((problem) => problem !== null)
    if (errors.length > 0) return yield* new Problems.InvalidInput({ errors: errors.slice(0, mostProblems) })
    const salt = yield* policies.salt(tenant)
    const made = [...Map.groupBy(values, keyOf)].map(([key, given]) => {
      const byPath = new Map(given.map(({ path, value }) => [path, value]))
      return { key, content: withValues(contents.get(key) ?? "{}", byPath, salt) }
    })
    yield* policies.put(
      tenant,
      made.map(({ content }) => content)
    )
    return made.map(({ content, key }): GivenContent => {
      const [source, id] = JSON.parse(key) as [string, string]
      return { source, id, hash: content.hash }
    })
  })
})
