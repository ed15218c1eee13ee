/**
 * The part of a console for hosts that had runs before the ledger: the pages of old records, and what ran in a tenant before.
 * It needs `LegacyRuns` of `@atlas/legacy`.
 *
 * @module
 */

import { type LegacyKind, legacyKinds } from "@atlas/legacy"
import { Effect } from "effect"
import { makePart } from "../shell/Part.ts"
import { makeLegacyHistory } from "./LegacyHistory.ts"
import { EarlierBackups } from "./LegacyHistoryPage.tsx"
import { makeLegacyRoutes } from "./LegacyRoutes.ts"

const shownRecords = 20

/** The old table that adds something to a page of today, by the name of that page. */
const kinds: Readonly<Record<string, LegacyKind | undefined>> = {
  "backup-schedule": legacyKinds.find(({ table }) => table === "backup_schedule_runs")
}

/** The part `legacy`, for `Console.make`. */
export const legacy = makePart({
  pages: makeLegacyRoutes,
  contribution: Effect.map(makeLegacyHistory, (historyOf) => ({
    tenantPages: [{ path: "history", label: "Earlier history" }],
    appendixOf: Effect.fnUntraced(function* (page, actor, tenant) {
      const kind = kinds[page]
      if (kind === undefined) return []
      const list = yield* historyOf(actor, kind, tenant.id, { before: null, limit: shownRecords })
      return list === null || list.records.length === 0 ? [] : [<EarlierBackups tenant={tenant} list={list} />]
    })
  }))
})
