/**
 * A fake Microsoft Graph with its login service, for tests, demonstrations and benchmarks. `FakeGraph.layer` provides the port
 * `Graph` to a test, in memory; `FakeGraph.layerHttp` and the command `fake-graph` serve the same engine over HTTP. The engine
 * refuses what Graph refuses. The same options, seed and requests give the same answers.
 *
 * @module
 */

export type { FakeCredentials, FakeFederation } from "./tenant/FakeCredentials.ts"
export type { FakeItem } from "./tenant/FakeCollection.ts"
export { type FakeData, FakeDataError, loadData } from "./tenant/FakeData.ts"
export * as Fault from "./faults/Fault.ts"
export { FakeGraph, type FakeGraphOptions } from "./FakeGraph.ts"
export type { FakeState } from "./engine/FakeState.ts"
export type { FakeTenantInfo, FakeTenantOptions } from "./tenant/FakeTenantOptions.ts"
export { fakeGroup, type FakeGroup, generateGroups } from "./tenant/FakeGroups.ts"
export { type FakeLedgerEntry, FakeLedgerMismatch, type RegisteredContract } from "./engine/FakeLedger.ts"
export type { FakeReply, FakeRequest } from "./FakeRequest.ts"
export { FakeGraphListenError, type FakeServerOptions } from "./faces/FakeServer.ts"
export type { FakeThrottleLimits, FakeThrottleOption } from "./engine/FakeThrottle.ts"
export { parse as parseFaultRules } from "./faults/FaultFile.ts"
export type { FaultRule } from "./faults/FaultRules.ts"
