import type { StartResult } from "@atlas/operations"
import { Effect } from "effect"
import { RemovedStartPage } from "./RemovedStartPage.tsx"
import { html, type PageRequest, redirect } from "./Requests.ts"

/** Answers a form that started an operation: with the way to its run or, if that was removed, with how it ended. */
export const afterStart = ({ c, shell }: PageRequest, started: StartResult): Effect.Effect<Response> =>
  started.removed
    ? html(c, RemovedStartPage({ shell, removed: started }))
    : Effect.succeed(redirect(shell.links.run(started.run.id), 303))
