export * as Console from "./Console.ts"
export type { Answer, HostOptions, Tenant } from "./shell/Host.ts"
export type { Part } from "./shell/Part.ts"
