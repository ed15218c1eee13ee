/**
 * The store of policy contents beneath inventory and backups, for tests that fill a database. Unlike the services of the index,
 * it authorises nobody and trusts its arguments.
 *
 * @module
 */

export { PolicyStore } from "../policies/PolicyStore.ts"
