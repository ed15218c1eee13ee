import { Effect, Schema } from "effect"
import { InvalidCursor } from "../../boundary/Problems.ts"
import { RunId } from "../../run/Run.ts"
import { filterKey, type RunFilter } from "./RunFilter.ts"

// A cursor carries its filter, so that it cannot continue another listing. It grants nothing: each page checks afresh what
// the actor may see.
const Cursor = Schema.StringFromBase64Url.pipe(
  Schema.decodeTo(Schema.fromJsonString(Schema.Tuple([RunId, Schema.String])))
)

/** The opaque text that continues a listing after the last run shown. */
export const writeCursor = (last: RunId, filter: RunFilter): string =>
  Schema.encodeSync(Cursor)([last, filterKey(filter)])

/** The run after which a listing continues. Fails for a text that is not a cursor, or is one of another filter. */
export const readCursor = Effect.fnUntraced(function* (cursor: string, filter: RunFilter) {
  const [before, key] = yield* Schema.decodeUnknownEffect(Cursor)(cursor).pipe(
    Effect.mapError(() => new InvalidCursor({}))
  )
  if (key !== filterKey(filter)) return yield* new InvalidCursor({})
  return before
})
