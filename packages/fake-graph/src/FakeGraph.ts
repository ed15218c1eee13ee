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

/** Microsoft Graph and its login service, made up: for unit tests, demonstrations and benchmarks. */
export class FakeGraph extends Context.Service<
  FakeGraph,
  FakeState.FakeState & {
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
    Effect.map(FakeGraph, ({ tenants }) => FakeConnections.make(tenants))
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
