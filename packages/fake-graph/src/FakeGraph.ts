/**
 * The fake Graph as a service and its layers. Tests read and change its tenants, inject faults, and assert what was asked. The
 * engine answers at two faces, in memory and over HTTP, by the same rules; a fake in memory follows Effect's clock, also a test
 * clock.
 *
 * @module
 */
import { GraphCloud, type GraphTokens, LiveGraph, ProviderConnections } from "@atlas/graph"
import type { Graph } from "@atlas/operations"
import { Clock, Context, Duration, Effect, Layer, Struct } from "effect"
import { HttpClient } from "effect/http"
import { FakeEngine } from "./engine/FakeEngine.ts"
import * as FakeLedger from "./engine/FakeLedger.ts"
import * as FakeState from "./engine/FakeState.ts"
import type { FakeThrottleOption } from "./engine/FakeThrottle.ts"
import * as FakeHttpClient from "./faces/FakeHttpClient.ts"
import { type FakeGraphListenError, type FakeServerOptions, serve, serveTrap } from "./faces/FakeServer.ts"
import * as FakeConnections from "./FakeConnections.ts"
import type { FakeReply, FakeRequest } from "./FakeRequest.ts"
import type { FaultRule } from "./faults/FaultRules.ts"
import type { FakeTenant } from "./tenant/FakeTenant.ts"
import { type FakeTenantInfo, type FakeTenantOptions, makeTenant } from "./tenant/FakeTenantOptions.ts"

/** The tenants of a fake Graph, and how it behaves. */
export interface FakeGraphOptions {
  /** Default: one tenant with every default. */
  readonly tenants?: ReadonlyArray<FakeTenantOptions>
  /** How long a token is valid. Default 1 hour. */
  readonly tokenLifetime?: Duration.Input
  /** Faults from the start; `inject` adds more. */
  readonly faults?: ReadonlyArray<FaultRule>
  /** Decides request ids, tokens, the order within a batch and the probability of faults. Default 1. */
  readonly seed?: number
  /** The least time that an answer takes. Default 0. */
  readonly latency?: Duration.Input
  /** Throttles apps by Graph's limits for a small, medium or large tenant, or by other limits. Default: no throttling. */
  readonly throttle?: FakeThrottleOption | undefined
  /** Groups on a page of changes. Default 200. */
  readonly deltaPageSize?: number
  /** How long the links of a history stay valid. Default 7 days. */
  readonly deltaTokenLifetime?: Duration.Input
  /**
   * Does with changes what Graph may do: duplicates, any order, empty pages, removals in the first round. The seed decides. A
   * client that bears all of it ends with the exact directory. Default false.
   */
  readonly deltaIrregularities?: boolean
  /** How long it takes until a change or a granted permission is visible. Default 0. */
  readonly replicationLag?: Duration.Input
}

interface Origins {
  readonly origin: string
  readonly foreignOrigin: string
}

const engineOf = (options: FakeGraphOptions, tenants: ReadonlyArray<FakeTenant>, origins: () => Origins) => {
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
  return engine
}

const make = (options: FakeGraphOptions, origins: () => Origins): FakeGraph["Service"] => {
  const tenants = (options.tenants ?? [{}]).map(makeTenant)
  const engine = engineOf(options, tenants, origins)
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
    ...FakeState.of(engine)
  })
}

/** A running fake Graph: where it is, its tenants, and what a test may do with it. */
export class FakeGraph extends Context.Service<
  FakeGraph,
  FakeState.FakeState & {
    /** The fake's origin. Without a server, only the in-memory client knows it. */
    readonly origin: string
    /** Another origin, a trap that records what arrives. No client may send a token there. */
    readonly foreignOrigin: string
    readonly tenants: ReadonlyArray<FakeTenantInfo>
    /** Answers one request, as both faces do. */
    handle(request: FakeRequest): Effect.Effect<FakeReply>
    /** Records a request that went to another host, with the status of its answer; 0 for none. */
    recordForeign(request: FakeRequest, status: number): Effect.Effect<void>
    /** Adds a fault. If several match, the one added first strikes. */
    inject(rule: FaultRule): Effect.Effect<void>
    /** Removes every fault. */
    readonly clearFaults: Effect.Effect<void>
    /** Invalidates every token issued so far. */
    readonly revokeTokens: Effect.Effect<void>
    /** The requests so far, oldest first. */
    readonly requests: Effect.Effect<ReadonlyArray<FakeLedger.FakeLedgerEntry>>
    /** Forgets the requests so far. */
    readonly forgetRequests: Effect.Effect<void>
    /** Asserts that a contract makes every request to Graph. The failure lists the other requests. */
    assertOnlyContracts(
      contracts: ReadonlyArray<FakeLedger.RegisteredContract>
    ): Effect.Effect<void, FakeLedger.FakeLedgerMismatch>
    /** Asserts that no bearer token went to another host. The failure lists where it went. */
    readonly assertNoForeignBearer: Effect.Effect<void, FakeLedger.FakeLedgerMismatch>
  }
>()("@atlas/fake-graph/FakeGraph") {
  /**
   * The engine alone, in memory; `layerHttpClient` is a client for it.
   *
   * @example
   * ```ts
   * const engine = FakeGraph.layerEngine({ tenants: [{ groups }] })
   * const inMemory = FakeGraph.layerHttpClient.pipe(Layer.provideMerge(engine))
   * ```
   */
  static readonly layerEngine = (options: FakeGraphOptions = {}): Layer.Layer<FakeGraph> =>
    Layer.sync(FakeGraph, () =>
      make(options, () => ({ origin: "http://localhost", foreignOrigin: "http://foreign.example" }))
    )

  /**
   * The engine behind an HTTP server on loopback, for as long as the layer lives. `layerCloud` makes the live client accept
   * it.
   *
   * @example
   * ```ts
   * const served = LiveGraph.layer.pipe(
   *   Layer.provide([FetchHttpClient.layer, FakeGraph.layerConnections, FakeGraph.layerCloud]),
   *   Layer.provideMerge(FakeGraph.layerHttp({ tenants: [{ tenantId: "contoso", groups: 25 }] }))
   * )
   * ```
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

  /** An HTTP client whose requests go to the engine, without a network. `layerEngine` shows it. */
  static readonly layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, FakeGraph> = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(FakeGraph, FakeHttpClient.make)
  )

  /** A connection for each tenant of the fake, by its `tenantId`, in any workspace. Nothing is stored. `layerHttp` shows it. */
  static readonly layerConnections: Layer.Layer<ProviderConnections, never, FakeGraph> = Layer.effect(
    ProviderConnections,
    Effect.map(FakeGraph, ({ tenants }) => FakeConnections.make(tenants))
  )

  /** The cloud `fake` at the engine's origin, with Microsoft's clouds. `layerHttp` shows it. */
  static readonly layerCloud: Layer.Layer<never, never, FakeGraph> = Layer.unwrap(
    Effect.map(FakeGraph, ({ origin }) => GraphCloud.layerFake(origin))
  )

  /**
   * The port `Graph` for unit tests: the live client over the engine, in memory.
   *
   * @example
   * ```ts
   * it.effect("leaves out groups without an address", () => {
   *   const groups = [
   *     fakeGroup({ id: "1", displayName: "Finance", mail: "finance@contoso.example", mailEnabled: true }),
   *     fakeGroup({ id: "2", displayName: "Servers" })
   *   ]
   *   return Effect.gen(function* () {
   *     assert.deepStrictEqual(yield* mailGroups(contoso), ["finance@contoso.example"])
   *   }).pipe(Effect.provide(FakeGraph.layer({ tenants: [{ tenantId: "contoso", groups }] })))
   * })
   * ```
   */
  static readonly layer = (options: FakeGraphOptions = {}): Layer.Layer<Graph | GraphTokens | FakeGraph> =>
    LiveGraph.layer.pipe(
      Layer.provide([FakeGraph.layerHttpClient, FakeGraph.layerConnections, FakeGraph.layerCloud]),
      Layer.provideMerge(FakeGraph.layerEngine(options))
    )
}
