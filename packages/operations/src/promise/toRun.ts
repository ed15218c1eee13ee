import { Schema } from "effect"
import { RunEventResource, RunReceiptResource, RunResource } from "../http/resources.ts"
import { toEventResource, toResource } from "../http/OperationsHttp.ts"
import * as Ledger from "../run/Run.ts"
import type * as LedgerEvent from "../run/RunEvent.ts"
import type { Run, RunEvent, RunReceipt } from "./Run.ts"

const { links: _, ...fields } = RunResource.fields
const encodeRun = Schema.encodeSync(Schema.Struct(fields))
const encodeEvent = Schema.encodeSync(RunEventResource)

/** A run as hosts outside Effect see it: what the HTTP API shows, without the links. */
export const toRun = (run: Ledger.Run): Run => encodeRun(toResource({ origin: "" }, run))

const { links: __, ...receiptFields } = RunReceiptResource.fields
const encodeReceipt = Schema.encodeSync(Schema.Struct(receiptFields))

/** A run or its receipt, as hosts outside Effect see it. */
export const toSeenRun = (run: Ledger.Run | Ledger.RunReceipt): Run | RunReceipt =>
  Ledger.isWholeRun(run) ? toRun(run) : encodeReceipt(run)

/** A timeline entry as hosts outside Effect see it. */
export const toRunEvent = (event: LedgerEvent.RunEvent): RunEvent => encodeEvent(toEventResource(event))
