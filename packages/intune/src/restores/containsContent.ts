import { ExactJson } from "@atlas/operations"
import { Predicate } from "effect"
import { secretReference } from "../policies/content/CanonicalWriter.ts"
import { isRecord } from "../policies/content/SecretRules.ts"
import type { PolicyContent } from "../policies/PolicyContent.ts"

const isSecret = (value: unknown) => isRecord(value) && Predicate.isString(value[secretReference])

const containsAll = (found: ReadonlyArray<unknown>, wanted: ReadonlyArray<unknown>) => {
  const left = [...found]
  return (
    found.length === wanted.length &&
    wanted.every((item) => {
      const at = left.findIndex((other) => contains(other, item))
      if (at >= 0) left.splice(at, 1)
      return at >= 0
    })
  )
}

const contains = (found: unknown, wanted: unknown): boolean => {
  // Graph does not give back every secret that it takes.
  if (isSecret(wanted)) return true
  if (Array.isArray(wanted)) return Array.isArray(found) && containsAll(found, wanted)
  if (!isRecord(wanted) || ExactJson.isLongInteger(wanted)) return JSON.stringify(found) === JSON.stringify(wanted)
  return isRecord(found) && Object.entries(wanted).every(([name, member]) => contains(found[name], member))
}

/**
 * Whether a policy says everything that another one says. Graph fills in what it was not sent, so that a policy says more than
 * what it was created from.
 */
export const containsContent = (found: PolicyContent, wanted: PolicyContent): boolean =>
  found.hash === wanted.hash || contains(ExactJson.parse(found.text), ExactJson.parse(wanted.text))
