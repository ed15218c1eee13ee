import { storable } from "./StorableText.ts"

/**
 * A text without accents and case, as names are compared.
 *
 * @param text any part of a name
 */
export const fold = (text: string): string => storable(text).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()

/**
 * A name as it is searched.
 *
 * @param name a display name, or what a person typed
 */
export const foldName = (name: string): string => fold(name).trim()
