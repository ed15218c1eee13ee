import { Cause, Predicate } from "effect"
import { SqlError } from "effect/sql"
import * as Catalog from "../definition/OperationCatalog.ts"
import {
  type AtlasError,
  DatabaseUnavailable,
  DuplicateOperation,
  Forbidden,
  IdempotencyKeyRequired,
  IdempotencyKeyReused,
  InvalidCursor,
  InvalidInput,
  NotFound,
  NotSupported,
  OperationBusy,
  type ProblemDetails,
  RunConflict,
  UnexpectedError
} from "./AtlasError.ts"

const classes: Readonly<Record<string, new (problem: ProblemDetails) => AtlasError>> = {
  Forbidden,
  IdempotencyKeyRequired,
  IdempotencyKeyReused,
  InvalidCursor,
  InvalidInput,
  NotFound,
  NotSupported,
  OperationBusy,
  RunConflict
}

const isProblem = (error: unknown): error is { readonly _tag: string; toJSON(): ProblemDetails } =>
  Predicate.hasProperty(error, "_tag") && Predicate.isString(error._tag) && error._tag in classes

/**
 * What a promise is rejected with for what an effect failed or died of.
 *
 * @param cause why the effect has no result
 */
export const toAtlasError = (cause: Cause.Cause<unknown>): Error => {
  const error = Cause.squash(cause)
  if (isProblem(error)) return new classes[error._tag]!(JSON.parse(JSON.stringify(error)) as ProblemDetails)
  if (error instanceof Catalog.DuplicateOperation)
    return new DuplicateOperation(problemOf(500, "Two operations share one name.", error.message))
  if (SqlError.isSqlError(error)) {
    return new DatabaseUnavailable(problemOf(503, "The database cannot be used.", whyUnusable(error)), { cause: error })
  }
  // The texts of unknown errors may hold anything: they are for the log and not for an answer.
  return new UnexpectedError(problemOf(500, "Something unexpected happened."), { cause: error })
}

const problemOf = (status: number, title: string, detail?: string): ProblemDetails => ({
  type: "about:blank",
  status,
  title,
  ...(detail === undefined ? {} : { detail })
})

// What Postgres itself says may name the user or the address, so its words are not repeated.
const whyUnusable = ({ isRetryable, reason }: SqlError.SqlError) =>
  isRetryable || reason._tag === "ConnectionError"
    ? "The database does not answer: check databaseUrl, and that Postgres runs there."
    : reason._tag === "AuthenticationError"
      ? "The database refuses the user or the password of databaseUrl."
      : `The database refused a statement (${reason._tag}).`
