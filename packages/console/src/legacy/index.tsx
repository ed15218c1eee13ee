import { type LegacyKind, legacyKinds } from "@atlas/legacy"
import { Effect } from "effect"
import { makePart } from "../shell/Part.ts"
import { makeLegacyHistory } from "./LegacyHistory.ts"
import { EarlierBackups } from "./LegacyHistoryPage.tsx"
import { makeLegacyRoutes } from "./LegacyRoutes.ts"

const shownRecords = 20

/** The old table that has something to add to a page of today, by the name of that page. */
const kinds: Readonly<Record<string, LegacyKind | undefined>> = {
  "backup-schedule": legacyKinds.find(({ table }) => table === "backup_schedule_runs")
}

/** The part of a console for hosts that ran operations before the ledger: their old pages, and what they did in a tenant. */
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
