import { Schema } from "effect"
import { RunEventResource, RunReceiptResource, RunResource } from "../http/OperationsApi.ts"
import { toEventResource, toResource } from "../http/OperationsHttp.ts"
import * as Ledger from "../run/Run.ts"
import type * as LedgerEvent from "../run/RunEvent.ts"
import type { Run, RunEvent, RunReceipt } from "./Run.ts"

const { links: _, ...fields } = RunResource.fields
const encodeRun = Schema.encodeSync(Schema.Struct(fields))
const encodeEvent = Schema.encodeSync(RunEventResource)

/** A run as those outside Effect see it: what the HTTP API shows, but for the links. */
export const toRun = (run: Ledger.Run): Run => encodeRun(toResource({ origin: "" }, run))

const { links: __, ...receiptFields } = RunReceiptResource.fields
const encodeReceipt = Schema.encodeSync(Schema.Struct(receiptFields))

/** What of a run those outside Effect get who act on it, and may or may not view it. */
export const toSeenRun = (run: Ledger.Run | Ledger.RunReceipt): Run | RunReceipt =>
  Ledger.isWholeRun(run) ? toRun(run) : encodeReceipt(run)

/** A timeline entry as those outside Effect see it. */
export const toRunEvent = (event: LedgerEvent.RunEvent): RunEvent => encodeEvent(toEventResource(event))
