import { Schema } from "effect"
import type { RunOutcome, RunStatus } from "../../src/index.ts"

const key = Schema.Literals(["a", "b"])
/** Which of the runs so far; counted from the newest, because it is the old ones that nothing happens to. */
const target = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 }))

/** Everything that may happen to the ledger. `stale` writes with the fence of an earlier claim. */
export const Step = Schema.Union([
  Schema.TaggedStruct("check", { key, supersedes: Schema.NullOr(target) }),
  Schema.TaggedStruct("restore", { key, idempotencyKey: Schema.Literals(["m", "n"]), size: Schema.Literals([1, 2]) }),
  Schema.TaggedStruct("slot", { key }),
  Schema.TaggedStruct("retry", { target, idempotencyKey: Schema.Literals(["m", "o"]) }),
  Schema.TaggedStruct("claim", { target }),
  Schema.TaggedStruct("claimNext", {}),
  Schema.TaggedStruct("write", {
    write: Schema.Literals(["heartbeat", "progress", "quiet", "succeed", "fail", "retryLater", "giveBack"]),
    target,
    stale: Schema.Boolean
  }),
  Schema.TaggedStruct("cancel", { target }),
  Schema.TaggedStruct("lapse", { target }),
  Schema.TaggedStruct("timeUp", { target }),
  Schema.TaggedStruct("age", { target }),
  Schema.TaggedStruct("workers", { are: Schema.Literals(["none", "live", "recent", "gone", "of another type"]) }),
  Schema.TaggedStruct("endLapsed", {}),
  Schema.TaggedStruct("failStale", {})
])
export type Step = typeof Step.Type

const target0 = { target: 0 } as const
const begin = { _tag: "check", key: "a", supersedes: null } as const
const claim = { _tag: "claim", ...target0 } as const
const cancel = { _tag: "cancel", ...target0 } as const
const lapse = { _tag: "lapse", ...target0 } as const
const timeUp = { _tag: "timeUp", ...target0 } as const
const age = { _tag: "age", ...target0 } as const
const endLapsed = { _tag: "endLapsed" } as const
const failStale = { _tag: "failStale" } as const
const write = (write: Extract<Step, { _tag: "write" }>["write"], stale = false) =>
  ({ _tag: "write", write, ...target0, stale }) as const
const workers = (are: Extract<Step, { _tag: "workers" }>["are"]) => ({ _tag: "workers", are }) as const

/** Ways that chance rarely takes, because each step has to meet the run as the one before left it. */
export const tours: Record<string, ReadonlyArray<Step>> = {
  "asked to stop, its worker died": [begin, claim, cancel, lapse, claim, { _tag: "claimNext" }, endLapsed],
  "asked to stop after its worker died": [begin, claim, lapse, cancel, endLapsed, cancel],
  "asked to stop, its attempt fails": [begin, claim, cancel, cancel, write("heartbeat"), write("retryLater")],
  "asked to stop, given back": [begin, claim, cancel, write("giveBack"), write("succeed")],
  "asked to stop, it finishes first": [begin, claim, cancel, write("succeed"), cancel],
  "its worker died twice": [
    begin,
    claim,
    lapse,
    endLapsed,
    { _tag: "claimNext" },
    write("succeed", true),
    lapse,
    claim,
    endLapsed
  ],
  "its worker came back in time": [begin, claim, lapse, write("heartbeat"), endLapsed, claim, write("succeed")],
  "its time was up": [begin, claim, timeUp, endLapsed, lapse, claim, { _tag: "claimNext" }, endLapsed],
  "replaced while it runs": [begin, claim, { ...begin, supersedes: 0 }, { ...write("succeed"), target: 1 }, claim],
  "not replaced, because another is named": [{ ...begin, key: "b" }, begin, { ...begin, supersedes: 1 }],
  "repeated until it fails": [begin, claim, write("retryLater"), claim, write("fail"), claim, begin],
  "stale in a sweep": [
    begin,
    age,
    workers("recent"),
    failStale,
    workers("live"),
    failStale,
    workers("gone"),
    failStale
  ],
  "stale at the next start": [begin, age, workers("recent"), begin, workers("of another type"), begin, failStale],
  "due again after an attempt": [
    begin,
    claim,
    age,
    write("retryLater"),
    failStale,
    age,
    claim,
    write("giveBack"),
    failStale
  ]
}

/** A run as the rules have it. What the database shows of it comes first. */
export interface Entry {
  readonly n: number
  status: RunStatus
  outcome: RunOutcome
  reason: string | null
  fence: number
  version: number
  attempt: number
  asked: boolean
  started: boolean
  supersededBy: number | null
  readonly retryOf: number | null
  /** What the timeline says. */
  readonly events: Array<string>
  readonly audit: Array<string>

  readonly type: "check" | "restore" | "slot"
  readonly key: string
  /** Taken for ever, and by which request. */
  readonly once: string | null
  readonly request: string | null
  lapsed: boolean
  timeUp: boolean
  aged: boolean
}

/** A start, as far as the rules look at it. */
export interface Wish {
  readonly type: Entry["type"]
  readonly key: string
  readonly idempotencyKey: string | null
  readonly size: number | null
  readonly supersedes: number | null
  readonly retryOf: number | null
}

const maxAttempts = 2
const active = ({ status }: Entry) => status !== "completed"

/** The rules of the ledger, written down a second time: what each step changes, and what it is answered with. */
export const makeModel = () => {
  const entries: Array<Entry> = []
  /** What each key stands for, for ever. */
  const keys = new Map<string, { readonly request: string | null; readonly run: Entry }>()
  let workers: Extract<Step, { _tag: "workers" }>["are"] = "none"
  const isStale = (run: Entry) => run.status === "queued" && run.aged && workers !== "live" && workers !== "recent"

  const note = (run: Entry, event: string, audit?: string) => {
    run.events.push(event)
    run.version += 1
    if (audit !== undefined) run.audit.push(audit)
  }
  const end = (run: Entry, outcome: RunOutcome, reason: string | null, event = "completed") => {
    Object.assign(run, { status: "completed", outcome, reason, lapsed: false })
    note(run, event)
  }
  const failStale = (run: Entry) => {
    run.fence += 1
    end(run, "failed", "run_stale")
  }
  const join = (run: Entry) => {
    note(run, "joined", "joined")
    return { answer: "existing", run }
  }

  const create = ({ type, key, retryOf }: Wish, once: string | null, request: string | null) => {
    const audit = retryOf === null ? [] : ["retried"]
    const fresh = { status: "queued", outcome: "pending", reason: null, fence: 0, version: 1, attempt: 0 } as const
    const facts = { asked: false, started: false, lapsed: false, timeUp: false, aged: false, supersededBy: null }
    const run: Entry = {
      n: entries.length,
      ...fresh,
      ...facts,
      retryOf,
      events: ["created"],
      audit,
      type,
      key,
      once,
      request
    }
    entries.push(run)
    return { answer: "created", run }
  }

  const start = (wish: Wish): { readonly answer: string; readonly run: Entry } => {
    const { type, key, idempotencyKey, size, supersedes, retryOf } = wish
    const once = type === "check" ? null : type === "slot" ? `slot ${key}` : `restore ${idempotencyKey}`
    const request = type === "restore" ? JSON.stringify([key, size, retryOf]) : null
    const bound = once === null ? undefined : keys.get(once)
    if (bound !== undefined) return bound.request === request ? join(bound.run) : { answer: "reused", run: bound.run }
    const bind = ({ answer, run }: { readonly answer: string; readonly run: Entry }) => {
      if (once !== null) keys.set(once, { request, run })
      return { answer, run }
    }
    const equal =
      type === "slot" ? undefined : entries.find((run) => active(run) && run.type === type && run.key === key)
    if (equal !== undefined && equal.n === supersedes) {
      equal.fence += 1
      equal.supersededBy = entries.length
      end(equal, "cancelled", "run_superseded", "superseded")
      equal.audit.push("superseded")
    } else if (equal !== undefined) {
      if (!isStale(equal)) return bind(join(equal))
      failStale(equal)
    }
    const holder = type === "restore" ? entries.find((run) => active(run) && run.type === type) : undefined
    if (holder === undefined) return bind(create(wish, once, request))
    holder.audit.push("busy")
    return { answer: "busy", run: holder }
  }

  const retry = (run: Entry, wish: Wish) => {
    if (run.type === "slot") return { answer: "not supported", run }
    if (active(run) || run.outcome === "succeeded") return { answer: `conflict: ${run.status} ${run.outcome}`, run }
    return start(wish)
  }

  const isClaimable = (run: Entry) =>
    run.status === "queued" || (run.lapsed && run.attempt + 1 < maxAttempts && !run.timeUp && !run.asked)

  const claim = (run: Entry) => {
    if (!isClaimable(run)) return "nothing"
    const rescued = run.status === "running"
    Object.assign(run, { status: "running", fence: run.fence + 1, started: true, lapsed: false })
    run.attempt += rescued ? 1 : 0
    note(run, rescued ? "rescued" : "started")
    return `claimed with ${run.fence}`
  }

  const requeue = (run: Entry, event: string, reason: string | null) => {
    run.fence += 1
    if (run.asked) return end(run, "cancelled", "operation_cancelled")
    Object.assign(run, { status: "queued", lapsed: false, aged: false, reason: reason ?? run.reason })
    note(run, event)
  }

  const write = (run: Entry, { write, stale }: Extract<Step, { _tag: "write" }>) => {
    const extends_ = write === "heartbeat" || write === "progress" || write === "quiet"
    if (stale || run.status !== "running") return extends_ ? "lost" : "false"
    if (extends_) run.lapsed = false
    if (write === "progress") note(run, "progress")
    if (extends_) return run.asked ? "cancel_requested" : "held"
    if (write === "fail" || write === "retryLater") run.attempt += 1
    if (write === "succeed") end(run, "succeeded", null)
    if (write === "fail") end(run, "failed", "provider_unavailable")
    if (write === "retryLater") requeue(run, "attempt_failed", "provider_unavailable")
    if (write === "giveBack") requeue(run, "given_back", null)
    return "true"
  }

  const cancel = (run: Entry) => {
    if (!active(run)) return `conflict: completed ${run.outcome}`
    if (run.asked) return "running"
    run.asked = true
    run.audit.push("cancel_requested")
    if (run.status === "running" && !run.lapsed) note(run, "cancel_requested")
    else {
      run.fence += 1
      end(run, "cancelled", "operation_cancelled")
    }
    return run.status
  }

  const endLapsed = () => {
    for (const run of entries.filter(({ lapsed }) => lapsed)) {
      if (!run.asked && !run.timeUp && run.attempt + 1 < maxAttempts) continue
      run.fence += 1
      run.attempt += run.asked ? 0 : 1
      if (run.asked) end(run, "cancelled", "operation_cancelled")
      else end(run, "failed", run.timeUp ? "time_limit_exceeded" : "worker_lost")
    }
  }

  return {
    entries,
    start,
    retry,
    isClaimable,
    claim,
    write,
    cancel,
    endLapsed,
    failStale: () => entries.filter(isStale).forEach(failStale),
    lapse: (run: Entry) => (run.lapsed ||= run.status === "running"),
    timeUp: (run: Entry) => (run.timeUp ||= active(run) && run.started),
    age: (run: Entry) => (run.aged ||= run.status === "queued"),
    workers: (are: typeof workers) => (workers = are)
  }
}
