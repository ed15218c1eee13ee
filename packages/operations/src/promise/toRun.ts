import { Schema } from "effect"
import { RunEventResource, RunResource } from "../OperationsApi.ts"
import { toEventResource, toResource } from "../OperationsHttp.ts"
import type * as Ledger from "../Run.ts"
import type * as LedgerEvent from "../RunEvent.ts"
import type { Run, RunEvent } from "./Run.ts"

const { links: _, ...fields } = RunResource.fields
const encodeRun = Schema.encodeSync(Schema.Struct(fields))
const encodeEvent = Schema.encodeSync(RunEventResource)

/** A run as those outside Effect see it: what the HTTP API shows, but for the links. */
export const toRun = (run: Ledger.Run): Run => encodeRun(toResource("", run))

/** A timeline entry as those outside Effect see it. */
export const toRunEvent = (event: LedgerEvent.RunEvent): RunEvent => encodeEvent(toEventResource(event))
