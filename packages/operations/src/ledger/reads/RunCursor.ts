import { Effect, Schema } from "effect"
import { InvalidCursor } from "../../boundary/Problems.ts"
import { RunId } from "../../run/Run.ts"
import { filterKey, type RunFilter } from "./RunFilter.ts"

// A cursor carries its filter, so that it cannot continue another listing. It grants nothing: visibility is always
// checked afresh.
const Cursor = Schema.StringFromBase64Url.pipe(
  Schema.decodeTo(Schema.fromJsonString(Schema.Tuple([RunId, Schema.String])))
)

/**
 * The opaque text that continues a listing.
 *
 * @param last the last run shown
 * @param filter of the listing
 */
export const writeCursor = (last: RunId, filter: RunFilter): string =>
  Schema.encodeSync(Cursor)([last, filterKey(filter)])

/**
 * The run after which a listing continues. Fails for text that is no cursor, or one of another filter.
 *
 * @param cursor from `writeCursor`
 * @param filter of the listing to continue
 */
export const readCursor = Effect.fnUntraced(function* (cursor: string, filter: RunFilter) {
  const [before, key] = yield* Schema.decodeUnknownEffect(Cursor)(cursor).pipe(
    Effect.mapError(() => new InvalidCursor({}))
  )
  if (key !== filterKey(filter)) return yield* new InvalidCursor({})
  return before
})
