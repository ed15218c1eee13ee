// The statements beneath the readers and the syncs, for tests that fill a cache or inject faults. They trust what they are handed.
export { DirectoryCache } from "../cache/DirectoryCache.ts"
