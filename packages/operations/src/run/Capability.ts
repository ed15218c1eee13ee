/**
 * Named rights. Hosts map their roles to capabilities, and code asks for capabilities only. Each package names those of its own
 * operations and data.
 *
 * @module
 */

/** A capability, such as `tenant.directory.sync`. */
export type Capability = `${"tenant" | "workspace"}.${string}.${string}`
