import { FakeGraph } from "@atlas/fake-graph"
import { Effect, ManagedRuntime } from "effect"

/** A fake Graph in this process, whose directory can be changed and whose requests are counted. */
export interface BenchGraph extends AsyncDisposable {
  readonly origin: string
  readonly tenant: string
  readonly size: number
  readonly groups: ReadonlyArray<{ readonly id: string; readonly displayName: string }>
  /** Renames so many groups. */
  rename(count: number): Promise<void>
  /** How many requests to Graph some work makes. */
  requests(work: () => Promise<unknown>): Promise<number>
}

/**
 * Starts one on loopback.
 *
 * @param size groups
 */
export const startGraph = async (size: number): Promise<BenchGraph> => {
  const tenant = "11111111-0000-4000-8000-000000000001"
  const runtime = ManagedRuntime.make(
    FakeGraph.layerHttp({ tenants: [{ tenantId: tenant, entraTenantId: tenant, groups: size }] })
  )
  const fake = await runtime.runPromise(FakeGraph)
  const groups = await runtime.runPromise(fake.groups(tenant))
  let renamed = 0
  return {
    origin: fake.origin,
    tenant,
    size,
    groups,
    rename: (count) =>
      runtime.runPromise(
        Effect.forEach(
          Array.from({ length: count }, (_, at) => groups[(at * 997) % size]?.id ?? ""),
          (id) => fake.renameGroup(tenant, id, `Renamed ${renamed++}`),
          { discard: true }
        )
      ),
    requests: async (work) => {
      await runtime.runPromise(fake.forgetRequests)
      await work()
      const made = await runtime.runPromise(fake.requests)
      return made.filter(({ path }) => path.startsWith("/v1.0/")).length
    },
    [Symbol.asyncDispose]: () => runtime.dispose()
  }
}
