/**
 * JSON as a type, for inputs that were decoded and for the keys by which equal starts are found.
 *
 * @module
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
