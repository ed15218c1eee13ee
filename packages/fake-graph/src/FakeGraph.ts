import { GraphCloud, type GraphTokens, LiveGraph, ProviderConnection, ProviderConnections } from "@atlas/graph"
import { type Graph, GraphError, type TenantScope } from "@atlas/operations"
import { Clock, Context, DateTime, Duration, Effect, Layer, Option, Redacted, Struct } from "effect"
import { HttpClient } from "effect/http"
import type { FakeCredentials } from "./tenant/FakeCredentials.ts"
import type { FakeItem } from "./tenant/FakeCollection.ts"
import type { FakeData } from "./tenant/FakeData.ts"
import { FakeDirectory } from "./tenant/FakeDirectory.ts"
import { FakeEngine } from "./engine/FakeEngine.ts"
import { type FakeGroup, generateGroups } from "./tenant/FakeGroups.ts"
import * as FakeHttpClient from "./faces/FakeHttpClient.ts"
import { generateItems } from "./tenant/FakePolicies.ts"
import * as FakeLedger from "./engine/FakeLedger.ts"
import type { FakeReply, FakeRequest } from "./FakeRequest.ts"
import { type FakeGraphListenError, type FakeServerOptions, serve, serveTrap } from "./faces/FakeServer.ts"
import { type FakeTenant, makeCollections } from "./tenant/FakeTenant.ts"
import type { FakeThrottleOption } from "./engine/FakeThrottle.ts"
import type { FaultRule } from "./faults/FaultRules.ts"

/** One tenant to make up. */
export interface FakeTenantOptions {
  /** The host's id of the tenant that `FakeGraph.layer` connects to it; default: the Entra tenant id. */
  readonly tenantId?: string
  readonly entraTenantId?: string
  readonly displayName?: string
  readonly clientId?: string
  readonly clientSecret?: string
  /** What else the app may prove itself with. */
  readonly credentials?: FakeCredentials
  /** Granted application permissions; default: those for groups, role definitions and the organization. */
  readonly permissions?: ReadonlyArray<string>
  /** How many groups to make up, or the groups themselves. Default 100. */
  readonly groups?: number | Iterable<FakeGroup>
  /** How many objects of another collection to make up, or the objects themselves, by its path. Default: a few each. */
  readonly collections?: Readonly<Record<string, number | Iterable<FakeItem>>>
  /** A folder's content, from `loadData`, in place of what would be made up. */
  readonly data?: FakeData
  /** Of what is made up; default: the tenant's number in the list, from 1. */
  readonly seed?: number
  /** What the tenant has licences for. Default: Intune. */
  readonly licenses?: ReadonlyArray<"intune">
}

/** What a fake Graph consists of. */
export interface FakeGraphOptions {
  /** Default: one tenant with default values. */
  readonly tenants?: ReadonlyArray<FakeTenantOptions>
  /** Default one hour. */
  readonly tokenLifetime?: Duration.Input
  readonly faults?: ReadonlyArray<FaultRule>
  /** Decides request ids, tokens, the order within a batch and the probability of faults. Default 1. */
  readonly seed?: number
  /** How long every answer takes at least. Default: no time. */
  readonly latency?: Duration.Input
  /** Throttles apps by Graph's limits for a small, medium or large tenant, or by limits of one's own. Default: nobody. */
  readonly throttle?: FakeThrottleOption | undefined
  /** Groups on a page of changes. Default 200. */
  readonly deltaPageSize?: number
  /** How long the links of a history are good for. Default 7 days. */
  readonly deltaTokenLifetime?: Duration.Input
  /**
   * Does with changes what Graph may do, by the seed: duplicates, any order, empty pages, removals in the first round. A
   * client that bears all of it ends with the exact directory. Default false.
   */
  readonly deltaIrregularities?: boolean
  /** How long a change, or a granted permission, takes until it is seen. Default: no time. */
  readonly replicationLag?: Duration.Input
}

/** A tenant of the fake, and the credentials of its app. */
export type FakeTenantInfo = Pick<
  FakeTenant,
  "entraTenantId" | "displayName" | "clientId" | "clientSecret" | "credentials"
> & { readonly tenantId: string; readonly permissions: ReadonlySet<string> }

const numbered = (digit: number, index: number): string =>
  `${String(digit).repeat(8)}-0000-4000-8000-${String(index + 1).padStart(12, "0")}`

const defaultPermissions = ["GroupMember.Read.All", "RoleManagement.Read.Directory", "Organization.Read.All"]

const makeTenant = (options: FakeTenantOptions, index: number): FakeTenant & FakeTenantInfo => {
  const { collections = {}, data, seed = index + 1, entraTenantId = numbered(1, index) } = options
  const groups = options.groups ?? data?.groups ?? 100
  const permissions = options.permissions ?? defaultPermissions
  const itemsOf = (path: string): Iterable<FakeItem> => {
    const given = collections[path] ?? data?.collections.get(path)
    return given === undefined || typeof given === "number" ? generateItems(path, seed, given) : given
  }
  return {
    entraTenantId,
    tenantId: options.tenantId ?? entraTenantId,
    displayName: options.displayName ?? `Fake tenant ${index + 1}`,
    clientId: options.clientId ?? numbered(2, index),
    clientSecret: options.clientSecret ?? `fake-secret-${index + 1}`,
    credentials: options.credentials ?? {},
    permissions: new Set(permissions),
    grants: new Set(permissions),
    licenses: new Set(options.licenses ?? ["intune"]),
    collection: makeCollections(itemsOf),
    directory: new FakeDirectory(typeof groups === "number" ? generateGroups(groups, seed) : groups)
  }
}

interface Origins {
  readonly origin: string
  readonly foreignOrigin: string
}

const make = (options: FakeGraphOptions, origins: () => Origins): FakeGraph["Service"] => {
  const tenants = (options.tenants ?? [{}]).map(makeTenant)
  const engine = new FakeEngine(tenants, {
    tokenLifetimeMillis: Duration.toMillis(options.tokenLifetime ?? "1 hour"),
    seed: options.seed ?? 1,
    latencyMillis: Duration.toMillis(options.latency ?? 0),
    throttle: options.throttle,
    delta: {
      pageSize: options.deltaPageSize ?? 200,
      tokenLifetimeMillis: Duration.toMillis(options.deltaTokenLifetime ?? "7 days"),
      irregular: options.deltaIrregularities ?? false
    },
    replicationLagMillis: Duration.toMillis(options.replicationLag ?? 0),
    foreignOrigin: () => origins().foreignOrigin
  })
  for (const rule of options.faults ?? []) engine.rules.add(rule)
  const tenantOf = (entraTenantId: string) => Effect.fromNullishOr(engine.tenant(entraTenantId)).pipe(Effect.orDie)
  const directory = (entraTenantId: string) => Effect.map(tenantOf(entraTenantId), (found) => found.directory)
  const change = <A>(entraTenantId: string, work: (tenant: FakeTenant) => readonly [A, () => void]) =>
    Effect.gen(function* () {
      const [result, apply] = work(yield* tenantOf(entraTenantId))
      engine.change(apply, yield* Clock.currentTimeMillis)
      return result
    })
  const changeGroup = (entraTenantId: string, id: string, apply: (found: FakeDirectory, group: FakeGroup) => void) =>
    change(entraTenantId, ({ directory: found }) => {
      const group = found.get(id)
      return [group !== undefined, () => (group === undefined ? undefined : apply(found, group))]
    })
  return FakeGraph.of({
    ...origins(),
    tenants: tenants.map(
      Struct.pick([
        "entraTenantId",
        "displayName",
        "clientId",
        "clientSecret",
        "credentials",
        "tenantId",
        "permissions"
      ])
    ),
    handle: (request) => Effect.map(Clock.currentTimeMillis, (now) => engine.handle(request, now)),
    recordForeign: (request, status) => Effect.sync(() => engine.recordForeign(request, status)),
    inject: (rule) => Effect.sync(() => engine.rules.add(rule)),
    clearFaults: Effect.sync(() => engine.rules.clear()),
    revokeTokens: Effect.sync(() => engine.tokens.revokeAll()),
    requests: Effect.sync(() => engine.ledger.entries),
    forgetRequests: Effect.sync(() => engine.ledger.forget()),
    assertOnlyContracts: (contracts) =>
      Effect.suspend(() => FakeLedger.assertOnlyContracts(engine.ledger.entries, contracts)),
    assertNoForeignBearer: Effect.suspend(() => FakeLedger.assertNoForeignBearer(engine.ledger.entries)),
    groups: (tenant) => Effect.map(directory(tenant), (found) => found.all()),
    putGroup: (tenant, group) => change(tenant, (found) => [undefined, () => found.directory.put(group)]),
    renameGroup: (tenant, id, displayName) =>
      changeGroup(tenant, id, (found, group) => found.put({ ...group, displayName })),
    removeGroup: (tenant, id) =>
      change(tenant, ({ directory: found }) => [
        found.get(id) !== undefined || found.binned.includes(id),
        () => found.remove(id)
      ]),
    softDeleteGroup: (tenant, id) => changeGroup(tenant, id, (found) => found.softDelete(id)),
    restoreGroup: (tenant, id) =>
      change(tenant, ({ directory: found }) => [found.binned.includes(id), () => found.restore(id)]),
    items: (tenant, collection) => Effect.map(tenantOf(tenant), (found) => found.collection(collection).all()),
    putItem: (tenant, collection, item) =>
      change(tenant, (found) => [undefined, () => found.collection(collection).put(item)]),
    removeItem: (tenant, collection, id) =>
      change(tenant, (found) => {
        const items = found.collection(collection)
        return [items.get(id) !== undefined, () => items.remove(id)]
      }),
    grantPermission: (tenant, name) =>
      change(tenant, ({ grants, permissions }) => [void grants.add(name), () => permissions.add(name)]),
    revokePermission: (tenant, name) =>
      change(tenant, ({ grants, permissions }) => [void grants.delete(name), () => permissions.delete(name)])
  })
}

/** Microsoft Graph and its login service, made up: for unit tests, demonstrations and benchmarks. */
export class FakeGraph extends Context.Service<
  FakeGraph,
  {
    /** Where it is; without a server, an address that only the in-memory client knows. */
    readonly origin: string
    /** Another origin, where nobody may be sent a token: a trap that writes down what arrives. */
    readonly foreignOrigin: string
    readonly tenants: ReadonlyArray<FakeTenantInfo>
    /** Answers one request: the engine behind both faces. */
    handle(request: FakeRequest): Effect.Effect<FakeReply>
    /** Writes down a request that went to another host, and what it was answered with; 0 for nothing. */
    recordForeign(request: FakeRequest, status: number): Effect.Effect<void>
    /** Adds a fault. Where several match, the one added first strikes. */
    inject(rule: FaultRule): Effect.Effect<void>
    readonly clearFaults: Effect.Effect<void>
    /** Makes every token issued so far invalid. */
    readonly revokeTokens: Effect.Effect<void>
    /** The requests so far, oldest first. */
    readonly requests: Effect.Effect<ReadonlyArray<FakeLedger.FakeLedgerEntry>>
    readonly forgetRequests: Effect.Effect<void>
    /** Asserts that every request to Graph is one that a contract makes; the failure lists the others. */
    assertOnlyContracts(
      contracts: ReadonlyArray<FakeLedger.RegisteredContract>
    ): Effect.Effect<void, FakeLedger.FakeLedgerMismatch>
    /** Asserts that no bearer token went to another host; the failure lists where it went. */
    readonly assertNoForeignBearer: Effect.Effect<void, FakeLedger.FakeLedgerMismatch>
    /** The groups of an Entra tenant, in the order of listings. An unknown tenant is a defect, here and below. */
    groups(entraTenantId: string): Effect.Effect<ReadonlyArray<FakeGroup>>
    /** Adds a group, or replaces the one with its id. */
    putGroup(entraTenantId: string, group: FakeGroup): Effect.Effect<void>
    /** Tells whether the group was there. */
    renameGroup(entraTenantId: string, id: string, displayName: string): Effect.Effect<boolean>
    /** Deletes a group for good, also from the bin. Tells whether it was there. */
    removeGroup(entraTenantId: string, id: string): Effect.Effect<boolean>
    /** Deletes a group so that it can be restored. Tells whether it was there. */
    softDeleteGroup(entraTenantId: string, id: string): Effect.Effect<boolean>
    /** Restores a deleted group. Tells whether it could be. */
    restoreGroup(entraTenantId: string, id: string): Effect.Effect<boolean>
    /** The objects of another collection, by its path such as `deviceManagement/deviceConfigurations`. */
    items(entraTenantId: string, collection: string): Effect.Effect<ReadonlyArray<FakeItem>>
    /** Adds an object, or replaces the one with its id. */
    putItem(entraTenantId: string, collection: string, item: FakeItem): Effect.Effect<void>
    /** Tells whether the object was there. */
    removeItem(entraTenantId: string, collection: string, id: string): Effect.Effect<boolean>
    /** Grants a permission: new tokens carry it after the replication lag. */
    grantPermission(entraTenantId: string, name: string): Effect.Effect<void>
    /** Takes a permission back. */
    revokePermission(entraTenantId: string, name: string): Effect.Effect<void>
  }
>()("@atlas/fake-graph/FakeGraph") {
  /** The engine alone, in memory. */
  static readonly layerEngine = (options: FakeGraphOptions = {}): Layer.Layer<FakeGraph> =>
    Layer.sync(FakeGraph, () =>
      make(options, () => ({ origin: "http://localhost", foreignOrigin: "http://foreign.example" }))
    )

  /**
   * The engine behind an HTTP server on loopback, for as long as the layer lives. `GraphCloud.layerFake(origin)` makes
   * the live client accept it.
   */
  static readonly layerHttp = (
    options: FakeGraphOptions & FakeServerOptions = {}
  ): Layer.Layer<FakeGraph, FakeGraphListenError> =>
    Layer.effect(
      FakeGraph,
      Effect.gen(function* () {
        let origins: Origins = { origin: "", foreignOrigin: "" }
        const engine = make(options, () => origins)
        origins = {
          origin: yield* serve(engine.handle, options),
          foreignOrigin: yield* serveTrap(engine.recordForeign, options)
        }
        return FakeGraph.of({ ...engine, ...origins })
      })
    )

  /** A client whose requests end in the engine, without a network. */
  static readonly layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, FakeGraph> = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(FakeGraph, FakeHttpClient.make)
  )

  /** A connection for each tenant of the fake, by its `tenantId`, in whatever workspace; nothing is stored. */
  static readonly layerConnections: Layer.Layer<ProviderConnections, never, FakeGraph> = Layer.effect(
    ProviderConnections,
    Effect.map(FakeGraph, ({ tenants }) =>
      ProviderConnections.of({
        defaultFor: (scope) => connectionOf(tenants, scope),
        defaultId: (scope) =>
          Effect.map(
            Effect.option(connectionOf(tenants, scope)),
            Option.map(({ connection }) => connection.id)
          ),
        usable: (scope) => connectionOf(tenants, scope),
        tenantsWithDefault: (wanted) =>
          Effect.succeed(new Set(wanted.filter((id) => tenants.some(({ tenantId }) => tenantId === id))))
      })
    )
  )

  /** The cloud `fake` at the engine's origin, next to Microsoft's. */
  static readonly layerCloud: Layer.Layer<never, never, FakeGraph> = Layer.unwrap(
    Effect.map(FakeGraph, ({ origin }) => GraphCloud.layerFake(origin))
  )

  /**
   * The port `Graph` for unit tests: the live client over the engine, in memory.
   *
   * @example
   * flow.pipe(Effect.provide(FakeGraph.layer({ tenants: [{ tenantId: "contoso", groups: 25 }] })))
   */
  static readonly layer = (options: FakeGraphOptions = {}): Layer.Layer<Graph | GraphTokens | FakeGraph> =>
    LiveGraph.layer.pipe(
      Layer.provide([FakeGraph.layerHttpClient, FakeGraph.layerConnections, FakeGraph.layerCloud]),
      Layer.provideMerge(FakeGraph.layerEngine(options))
    )
}

const connectionOf = (tenants: ReadonlyArray<FakeTenantInfo>, { tenantId, workspaceId }: TenantScope) => {
  const tenant = tenants.find((candidate) => candidate.tenantId === tenantId)
  if (tenant === undefined) {
    return Effect.fail(
      new GraphError({
        reasonCode: "provider_connection_missing",
        message: "The tenant has no default provider connection."
      })
    )
  }
  const { clientId, displayName, entraTenantId } = tenant
  const connection = new ProviderConnection({
    id: entraTenantId,
    workspaceId,
    tenantId,
    displayName,
    cloud: "fake",
    entraTenantId,
    clientId,
    credentialKind: "client_secret",
    credentialExpiresAt: null,
    certificateThumbprint: null,
    enabled: true,
    isDefault: true,
    createdAt: DateTime.makeUnsafe(0),
    updatedAt: DateTime.makeUnsafe(0)
  })
  return Effect.succeed({
    connection,
    credential: { kind: "client_secret" as const, secret: Redacted.make(tenant.clientSecret) }
  })
}
