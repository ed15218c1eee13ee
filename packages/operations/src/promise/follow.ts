import { Effect, type ManagedRuntime, Stream } from "effect"
import { Runs } from "../starting/Runs.ts"
import { checked } from "./arguments.ts"
import type { RunEvent } from "./Run.ts"
import { toActor } from "./toActor.ts"
import { toAtlasError } from "./toAtlasError.ts"
import { toRunEvent } from "./toRun.ts"

/** A run's timeline as an async iterable. It fails as the other methods do. */
export async function* follow(
  runtime: ManagedRuntime.ManagedRuntime<Runs, unknown>,
  given: Parameters<typeof checked<"follow">>[1]
): AsyncGenerator<RunEvent, void, void> {
  const { actor, options, runId } = checked("follow", given)
  const { after = 0, signal } = options
  const aborted = Effect.callback<void>((resume) => {
    const stop = () => resume(Effect.void)
    if (signal?.aborted) return stop()
    signal?.addEventListener("abort", stop)
    return Effect.sync(() => signal?.removeEventListener("abort", stop))
  })
  const context = await runtime.context()
  const following = Stream.unwrap(
    Effect.map(Runs, (runs) => Stream.map(runs.follow(toActor(actor), runId, after), toRunEvent))
  )
  const failing = Stream.catchCause(following, (cause) => Stream.die(toAtlasError(cause)))
  yield* Stream.toAsyncIterableWith(Stream.interruptWhen(failing, aborted), context)
}
