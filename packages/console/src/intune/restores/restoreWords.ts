/**
 * What the page of a restore calls the actions of a plan and their results, and how it counts them.
 *
 * @module
 */

import type { RestoreAction, RestoreItem, RestoreTally } from "@atlas/intune"
import type { Tone } from "../../shell/components/Badge.tsx"
import { plural } from "../../shell/components/format.ts"
import type { IconName } from "../../shell/components/Icon.tsx"

/** The actions as the page has them: first what is written, then what somebody may want to do something about. */
export const actionsInOrder: ReadonlyArray<RestoreAction> = [
  "update",
  "create",
  "conflict",
  "not_restorable",
  "unchanged"
]

interface ActionWords {
  readonly title: string
  /** What a plan says of the policies. */
  readonly meaning: string
  readonly many: (policies: string) => string
}

/** What actions are called. */
export const actionWords: Record<RestoreAction, ActionWords> = {
  update: {
    title: "Change",
    meaning: "The tenant has these policies with other content, which is overwritten.",
    many: (policies) => `${policies} to change`
  },
  create: {
    title: "Create",
    meaning: "The tenant does not have these policies.",
    many: (policies) => `${policies} to create`
  },
  conflict: {
    title: "Conflict",
    meaning: "The tenant has other policies with these titles. They are left as they are.",
    many: (policies) => `${policies} in conflict`
  },
  not_restorable: {
    title: "Not restorable",
    meaning: "These policies are left out. Each says why.",
    many: (policies) => `${policies} that cannot be restored`
  },
  unchanged: {
    title: "Unchanged",
    meaning: "These policies are in the tenant as in the backup.",
    many: (policies) => `${policies} unchanged`
  }
}

/** How results look; null for those that say nothing. */
export const resultLooks: Record<RestoreItem["result"], readonly [text: string, tone: Tone, icon: IconName] | null> = {
  pending: null,
  writing: ["Being written", "info", "running"],
  done: ["Restored", "success", "check"],
  failed: ["Failed", "danger", "failed"],
  skipped: null
}

/** A count of policies, in words. */
export const policies = (count: number): string => plural(count, "policy", "policies")

/** How many policies there are of which something holds. */
export const countOf = (tally: ReadonlyArray<RestoreTally>, holds: (each: RestoreTally) => boolean): number =>
  tally.filter(holds).reduce((sum, { count }) => sum + count, 0)

/** Whether policies are written. */
export const isWrite = ({ action }: Pick<RestoreTally, "action">): boolean => action === "create" || action === "update"

/** What became of the policies of a restore, as a sentence. Each policy is counted once. */
export const restoredSentence = (tally: ReadonlyArray<RestoreTally>): string => {
  const written = countOf(tally, ({ result }) => result === "done")
  const failed = countOf(tally, ({ result }) => result === "failed")
  const total = countOf(tally, () => true)
  return `${policies(written)} restored, ${failed} failed, ${total - written - failed} left alone.`
}
