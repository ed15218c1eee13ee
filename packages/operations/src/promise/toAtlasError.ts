import { Cause, Predicate } from "effect"
import { SqlError } from "effect/sql"
import * as Catalog from "../definition/OperationCatalog.ts"
import {
  DatabaseUnavailable,
  DuplicateOperation,
  type ProblemDetails,
  refusals,
  UnexpectedError
} from "./AtlasError.ts"

type Refusal = keyof typeof refusals

const isProblem = (error: unknown): error is { readonly _tag: Refusal; toJSON(): ProblemDetails } =>
  Predicate.hasProperty(error, "_tag") && Predicate.isString(error._tag) && Object.hasOwn(refusals, error._tag)

/** The error that a promise is rejected with when its effect fails or dies. */
export const toAtlasError = (cause: Cause.Cause<unknown>): Error => {
  const error = Cause.squash(cause)
  if (isProblem(error)) return new refusals[error._tag](JSON.parse(JSON.stringify(error)) as ProblemDetails)
  if (error instanceof Catalog.DuplicateOperation)
    return new DuplicateOperation(problemOf(500, "Two operations share a name.", error.message))
  if (SqlError.isSqlError(error)) {
    return new DatabaseUnavailable(problemOf(503, "The database is not usable.", whyUnusable(error)), { cause: error })
  }
  // The text of an unknown error may hold anything, so it goes to the log and not into an answer.
  return new UnexpectedError(problemOf(500, "An unexpected error occurred."), { cause: error })
}

const problemOf = (status: number, title: string, detail?: string): ProblemDetails => ({
  type: "about:blank",
  status,
  title,
  ...(detail === undefined ? {} : { detail })
})

// The message of Postgres may name the user or the address, so it is not repeated.
const whyUnusable = ({ isRetryable, reason }: SqlError.SqlError) =>
  isRetryable || reason._tag === "ConnectionError"
    ? "The database does not answer: check databaseUrl, and that Postgres is running there."
    : reason._tag === "AuthenticationError"
      ? "The database refuses the user or the password: check databaseUrl."
      : `The database refused a statement (${reason._tag}).`
