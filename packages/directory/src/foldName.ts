import { storable } from "@atlas/operations"

/**
 * A name as it is searched: without accents and case.
 *
 * @param name a display name, or what a person typed
 */
export const foldName = (name: string): string =>
  storable(name).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim()
