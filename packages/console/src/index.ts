/**
 * Atlas' pages, HTTP API and live timeline as one web handler. A host makes it with `Console.make` and mounts it below any path
 * of an application that has its own sign-in. Features beyond runs and tenants are parts, each an entry of its own, such as
 * `@atlas/console/directory`.
 *
 * @module
 */

export * as Console from "./Console.ts"
export { type Answer, type HostOptions, Tenant } from "./shell/Host.ts"
export type { Part } from "./shell/Part.ts"
