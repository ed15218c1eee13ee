import { Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import { OtlpMetrics, OtlpSerialization, OtlpTracer } from "effect/observability"
import { Settings } from "./Settings.ts"

const resource = { serviceName: "atlas" }

/**
 * Traces and metrics for a collector, if one is set. Logs stay on the output, with secrets redacted.
 * https://opentelemetry.io/docs/specs/otlp/
 */
export const layer: Layer.Layer<never, never, HttpClient.HttpClient | Settings> = Layer.unwrap(
  Effect.map(Settings, ({ otlpEndpoint }) =>
    otlpEndpoint === null
      ? Layer.empty
      : Layer.mergeAll(
          OtlpTracer.layer({ url: `${otlpEndpoint}/v1/traces`, resource }),
          OtlpMetrics.layer({ url: `${otlpEndpoint}/v1/metrics`, resource })
        ).pipe(Layer.provide(OtlpSerialization.layerJson))
  )
)
