import { home, Host, html, makeRequests, redirect, safeReturnTo, type Shell } from "@atlas/console/shell"
import { Redaction } from "@atlas/operations"
import { Cause, Effect, Option } from "effect"
import type { Context, Hono } from "hono"
import { Accounts } from "./Accounts.ts"
import { EntraId, type EntraSignIn } from "./EntraId.ts"
import { EntraSignInPage } from "./EntraSignInPage.tsx"
import { Sessions } from "./Sessions.ts"
import { SignInAttempts } from "./SignInAttempts.ts"

const problems = {
  expired: [400, "This sign-in took too long, or began in another browser. Sign in again."],
  denied: [403, "Microsoft did not sign you in. Try again, or ask an administrator of your directory."],
  refused: [403, "Microsoft's answer could not be accepted. Sign in again."],
  unavailable: [503, "Microsoft's sign-in does not answer. Try again in a moment."]
} as const

/** The routes of the sign-in with Entra ID: to the provider, and back. */
const makeRoutes = Effect.fnUntraced(function* (entra: EntraSignIn) {
  const accounts = yield* Accounts
  const attempts = yield* SignInAttempts
  const sessions = yield* Sessions
  const { open } = yield* makeRequests
  const start = (yield* Host).links.to(home)
  const returnToOf = (c: Context) => safeReturnTo(c.req.query("returnTo"), start)

  const problemPage = (c: Context, shell: Shell, name: keyof typeof problems, returnTo: string) =>
    html(c, EntraSignInPage({ shell, returnTo, problem: problems[name][1] }), problems[name][0])

  const begin = open(
    Effect.fnUntraced(function* (c, shell) {
      const returnTo = returnToOf(c)
      const begun = yield* entra.begin.pipe(
        Effect.tapError(({ cause }) =>
          Effect.logWarning("A sign-in could not begin", Redaction.redactCause(Cause.fail(cause)))
        ),
        Effect.option
      )
      if (Option.isNone(begun)) return yield* problemPage(c, shell, "unavailable", returnTo)
      return redirect(begun.value.url, 302, [["set-cookie", yield* attempts.keep(begun.value.attempt, returnTo)]])
    })
  )

  const callback = open(
    Effect.fnUntraced(function* (c, shell) {
      const kept = yield* attempts.kept(c.req.header("cookie"))
      c.header("Set-Cookie", attempts.forget)
      if (Option.isNone(kept) || kept.value.attempt.state !== c.req.query("state"))
        return yield* problemPage(c, shell, "expired", start)
      const { attempt, returnTo } = kept.value
      const code = c.req.query("code")
      if (code === undefined) return yield* problemPage(c, shell, "denied", returnTo)
      const person = yield* entra.finish(attempt, code).pipe(
        Effect.tapError(({ cause }) => Effect.logWarning("A sign-in failed", Redaction.redactCause(Cause.fail(cause)))),
        Effect.result
      )
      if (person._tag === "Failure")
        return yield* problemPage(
          c,
          shell,
          person.failure._tag === "EntraRefused" ? "refused" : "unavailable",
          returnTo
        )
      const account = yield* accounts.ofIdentity(person.success)
      if (Option.isNone(account))
        return yield* html(c, EntraSignInPage({ shell, returnTo, stranger: person.success }), 403)
      return redirect(returnTo, 303, [
        ["set-cookie", attempts.forget],
        ["set-cookie", yield* sessions.open(account.value.id)]
      ])
    })
  )

  return (app: Hono) => {
    app.get(
      "/sign-in",
      open((c, shell) => html(c, EntraSignInPage({ shell, returnTo: returnToOf(c) })))
    )
    app.get("/sign-in/entra", begin)
    app.get("/sign-in/callback", callback)
  }
})

/** The same, if Entra ID is configured. */
export const makeEntraSignInRoutes = Effect.flatMap(
  EntraId,
  Option.match({ onNone: () => Effect.succeedNone, onSome: (entra) => Effect.asSome(makeRoutes(entra)) })
)
