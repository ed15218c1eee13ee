/**
 * Answering requests for pages. `makeRequests` runs the effects behind Hono's routes and turns whatever they end with into an
 * answer: the page, a redirect to the sign-in, or the page of the problem. Routes of the console, of parts and of hosts use it.
 *
 * @module
 */

import { type Actor, Problems, type StartProblem, TraceContext } from "@atlas/operations"
import { Cause, Effect, Exit, Option, Predicate } from "effect"
import type { Context } from "hono"
import { Host } from "./Host.ts"
import { home, type Shell, renderDocument, shellOf } from "./Layout.tsx"
import { otherMethod } from "./methods.ts"
import { ProblemPage, type ProblemStatus } from "./ProblemPage.tsx"
import { requestServices } from "./RequestIds.ts"

/** The failures of a page that become a problem page. */
export type PageProblem = StartProblem | Problems.InvalidCursor | Problems.RunConflict | Problems.Unauthenticated

/** What the effect of a page gets. */
export interface PageRequest {
  readonly c: Context
  readonly actor: Actor
  readonly shell: Shell
}

type Page = Parameters<typeof renderDocument>[0]

/** Renders a page, which a page component returned, as an answer. */
export const html = (c: Context, page: Page, status: 200 | ProblemStatus = 200): Effect.Effect<Response> =>
  Effect.promise(async () => c.html(await renderDocument(page), status, { "cache-control": "private, no-store" }))

/**
 * Redirects a person. The answer is made here and kept nowhere: a header prepared on Hono's context would be found in whatever
 * the request is answered with in the end.
 *
 * @param location a path of the host, or the address of the sign-in
 * @param status 303 after a form; 302 by default
 */
export const redirect = (
  location: string,
  status: 302 | 303 | 308 = 302,
  headers: ReadonlyArray<readonly [name: string, value: string]> = []
): Response =>
  new Response(null, {
    status,
    headers: [["location", location], ...headers.map(([...pair]): [string, string] => pair)]
  })

/** The page of a problem. It carries nothing that the failed page had prepared: no header, and no cookie. */
const problemPage = (shell: Shell, problem: PageProblem | { readonly status: 500 }) => {
  const title = "title" in problem ? problem.title : "Something went wrong on our side."
  const detail = "detail" in problem ? problem.detail : undefined
  const listed = "errors" in problem ? problem.errors.map((issue) => `${issue.pointer || "/"}: ${issue.detail}`) : []
  const document = ProblemPage({
    shell,
    title,
    status: problem.status,
    // A button leads to the holder: its id says nothing more.
    detail:
      ("holder" in problem ? `Nothing was started: its run is ${problem.holder.status}.` : detail) ??
      (listed.join(" ") || title),
    ...(problem.status === 403 ? { requiredCapability: problem.requiredCapability } : {}),
    ...("runId" in problem ? { runId: problem.runId } : {}),
    ...("holder" in problem ? { runId: problem.holder.id } : {})
  })
  const headers = { "content-type": "text/html; charset=UTF-8", "cache-control": "private, no-store" }
  return Effect.promise(async () => new Response(await renderDocument(document), { status: problem.status, headers }))
}

/** Makes the functions that turn effects into Hono's routes. */
export const makeRequests = Effect.gen(function* () {
  const host = yield* Host
  const services = yield* Effect.context<Host>()
  const run = Effect.runPromiseWith(services)
  const runExit = Effect.runPromiseExitWith(services)

  const answer = async (
    c: Context,
    effect: Effect.Effect<Response, PageProblem>,
    shellNow: () => Shell
  ): Promise<Response> => {
    const named = requestServices(c)
    const traced = effect.pipe(
      Effect.withSpan(`http.server ${c.req.method}`, { kind: "server", attributes: { "url.path": c.req.path } }),
      TraceContext.within(c.req.header("traceparent"))
    )
    const exit = await runExit(Effect.provideContext(traced, named), { signal: c.req.raw.signal })
    if (Exit.isSuccess(exit)) return exit.value
    const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
    if (error !== undefined) return run(problemPage(shellNow(), error))
    // The person left: nobody reads the answer.
    if (Cause.hasInterruptsOnly(exit.cause)) return new Response(null, { status: 499 })
    const failed = Effect.logError(`${c.req.method} ${c.req.path} failed`, exit.cause)
    await run(Effect.provideContext(failed, named))
    return run(problemPage(shellNow(), { status: 500 }))
  }

  /** A page for people who are signed in. Others go to the sign-in and come back. */
  const page =
    (current: string, render: (request: PageRequest) => Effect.Effect<Response, PageProblem>) => async (c: Context) => {
      // A problem's page is for the same person.
      let shell: Shell = { ...shellOf(host), current }
      const signedIn = Effect.flatMap(host.actorOf(c.req.raw), (actor) =>
        Option.match(actor, {
          onSome: (someone) => {
            shell = { ...shell, actor: someone }
            return render({ c, actor: someone, shell })
          },
          onNone: () => {
            const signIn = host.signIn(returnTo(c, host.links.to(home)))
            return signIn === null ? Effect.fail(new Problems.Unauthenticated({})) : Effect.succeed(redirect(signIn))
          }
        })
      )
      return answer(c, signedIn, () => shell)
    }

  /** A page for everyone. */
  const open = (render: (c: Context, shell: Shell) => Effect.Effect<Response, PageProblem>) => async (c: Context) => {
    const shell = shellOf(host)
    return answer(
      c,
      Effect.suspend(() => render(c, shell)),
      () => shell
    )
  }

  /**
   * The page for a request that no route answers, with the navigation for people who are signed in.
   *
   * @param methodsAt the methods that an address takes
   */
  const unknown = (methodsAt: (path: string) => ReadonlyArray<string>) => async (c: Context) => {
    const { method, path } = c.req
    let shell = shellOf(host)
    const nothing = Effect.flatMap(host.actorOf(c.req.raw), (actor) => {
      shell = { ...shell, actor: Option.getOrNull(actor) }
      const methods = methodsAt(path)
      if (methods.length === 0) return new Problems.NotFound({})
      const { allow, ...problem } = otherMethod(method, methods)
      c.header("allow", allow)
      return html(c, ProblemPage({ shell, status: 405, ...problem }), 405)
    })
    return answer(c, nothing, () => shell)
  }

  return { page, open, unknown }
})

/** A page that a person looked at comes back after the sign-in; a form that a person sent does not. */
const returnTo = (c: Context, otherwise: string) => {
  const { pathname, search } = new URL(c.req.url)
  return c.req.method === "GET" ? `${pathname}${search}` : otherwise
}

/**
 * A path of the host to go on to, whatever was wanted.
 *
 * @param wanted from a query or form: untrusted
 * @param fallback for what is not such a path
 */
export const safeReturnTo = (wanted: unknown, fallback: string): string => {
  if (!Predicate.isString(wanted) || !wanted.startsWith("/")) return fallback
  const url = URL.parse(wanted, "http://self.invalid")
  if (url?.origin !== "http://self.invalid") return fallback
  // Resolved dots can leave a path that starts with two slashes, which browsers take for another host.
  return `${url.pathname.replace(/^\/{2,}/, "/")}${url.search}`
}
