/**
 * How names are compared and searched: without accents and case. Copies store each name folded, and a search folds what a
 * person typed in the same way.
 *
 * @module
 */
import * as Storable from "./Storable.ts"

/** Any part of a name, without accents and case. */
export const fold = (text: string): string =>
  Storable.nearest(text).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()

/** A whole name, folded and trimmed: a display name, or what a person typed. */
export const foldName = (name: string): string => fold(name).trim()
