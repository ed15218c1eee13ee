/**
 * The store of policy contents beneath inventory and backups, for tests that fill a database, and the facts by which contents
 * are made. Unlike the services of the index, these authorise nobody and trust their arguments.
 *
 * @module
 */

export { PolicyStore } from "../policies/PolicyStore.ts"
export * as ContentFacts from "../policies/content/ContentFacts.ts"
export { isSilentType } from "../policies/content/SilentTypes.ts"
