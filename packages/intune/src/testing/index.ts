// The contents beneath inventory and backups, for tests that fill a database. It trusts what it is handed.
export { PolicyStore } from "../policies/PolicyStore.ts"
