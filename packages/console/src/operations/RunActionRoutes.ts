import { Problems, type Run, Runs } from "@atlas/operations"
import { DateTime, Effect } from "effect"
import { Host } from "../shell/Host.ts"
import { readKey, readNothing } from "../shell/FormInput.ts"
import { afterStart } from "../shell/afterStart.ts"
import { ConfirmPage } from "./ConfirmPage.tsx"
import { html, makeRequests, type PageRequest, redirect } from "../shell/Requests.ts"
import { makeRunActions } from "./RunActions.ts"
import { makeRunRows } from "../shell/RunRows.ts"
import type { Routes } from "../shell/Routes.ts"

const section = "/operations"

/** The routes that cancel, replace and retry runs. Whatever ends a run asks for confirmation on a page of its own. */
export const makeRunActionRoutes = Effect.gen(function* () {
  const runs = yield* Runs
  const host = yield* Host
  const { links } = host
  const actions = yield* makeRunActions
  const rows = yield* makeRunRows
  const { page } = yield* makeRequests

  const runOf = ({ c, actor }: PageRequest) => runs.get(actor, c.req.param("run") ?? "")
  const goTo = (run: Pick<Run, "id">) => redirect(links.run(run.id), 303)

  const confirm = (name: "cancel" | "replace") =>
    page(
      section,
      Effect.fn("ConfirmPage")(function* (request) {
        const run = yield* runOf(request)
        const action = (yield* actions(request.actor, run)).find((fitting) => fitting.name === name)
        // The action is over, or this person may not take it: the page of the run says so.
        if (action === undefined || action.refused !== null) return goTo(run)
        const [row] = rows([run], yield* host.tenantsOf(request.actor))
        if (row === undefined) return yield* new Problems.NotFound({})
        return yield* html(
          request.c,
          ConfirmPage({ shell: request.shell, row, action: name, now: yield* DateTime.now })
        )
      })
    )

  const cancel = page(
    section,
    Effect.fn("RunCancel")(function* ({ c, actor }) {
      yield* readNothing(c)
      return goTo(yield* runs.cancel(actor, c.req.param("run") ?? ""))
    })
  )

  const retry = page(
    section,
    Effect.fn("RunRetry")(function* (request) {
      const { c, actor } = request
      const { idempotencyKey } = yield* readKey(c)
      return yield* afterStart(request, yield* runs.retry(actor, c.req.param("run") ?? "", idempotencyKey))
    })
  )

  const replace = page(
    section,
    Effect.fn("RunReplace")(function* (request) {
      yield* readNothing(request.c)
      const { id, workspaceId, tenantId, type, input, context } = yield* runOf(request)
      const target = tenantId === null ? { workspaceId } : { tenantId }
      const started = yield* runs.start(request.actor, type, { ...target, input, context, supersedes: id })
      return yield* afterStart(request, started)
    })
  )

  return (routes: Routes) => {
    routes.get(`${section}/:run/cancel`, confirm("cancel"))
    routes.get(`${section}/:run/replace`, confirm("replace"))
    routes.post(`${section}/:run/cancel`, cancel)
    routes.start(`${section}/:run/replace`, replace)
    routes.start(`${section}/:run/retry`, retry)
  }
})
