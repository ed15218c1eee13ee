/**
 * The statements beneath the readers and the syncs, for tests that fill a cache or inject faults. They trust their arguments
 * and authorise nobody, so production code uses the services of `@atlas/directory`.
 *
 * @module
 */

export { DirectoryCache } from "../cache/DirectoryCache.ts"
