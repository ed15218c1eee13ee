/**
 * A named right, such as `tenant.directory.sync`. Hosts map their roles to capabilities; code asks for capabilities
 * only, and each package names those of its own operations and data.
 */
export type Capability = `${"tenant" | "workspace"}.${string}.${string}`
