import {
  FormText,
  home,
  Host,
  html,
  makeRequests,
  readForm,
  redirect,
  safeReturnTo,
  type Shell
} from "@atlas/console/shell"
import { Effect, Option, Schema } from "effect"
import type { Context, Hono } from "hono"
import { Accounts } from "./Accounts.ts"
import { makeEntraSignInRoutes } from "./EntraSignInRoutes.ts"
import { SignIn } from "./SignIn.ts"
import { SignInPage } from "./SignInPage.tsx"
import { Sessions } from "./Sessions.ts"

const Choice = Schema.Struct({ account: Schema.optionalKey(FormText), returnTo: Schema.optionalKey(FormText) })

/**
 * The routes of sign-in and sign-out. Without Entra ID it is the development sign-in: a list of the people in the database, and
 * a session for the one that is chosen.
 */
export const makeSignInRoutes = Effect.gen(function* () {
  const accounts = yield* Accounts
  const sessions = yield* Sessions
  const { development } = yield* SignIn
  const { open } = yield* makeRequests
  const start = (yield* Host).links.to(home)
  const returnToOf = (c: Context) => safeReturnTo(c.req.query("returnTo"), start)

  const choose = Effect.fnUntraced(function* (c: Context, shell: Shell, returnTo: string, problem?: string) {
    const people = development ? yield* accounts.all : []
    const listed = people.map(({ tenants, ...account }) => ({ ...account, tenants: tenants ?? "all tenants" }))
    const page = SignInPage({ shell, accounts: listed, returnTo, ...(problem === undefined ? {} : { problem }) })
    return yield* html(c, page, problem === undefined ? 200 : 422)
  })

  const entraSignIn = yield* makeEntraSignInRoutes

  return (app: Hono) => {
    app.post("/sign-out", () => redirect("/sign-in", 303, [["set-cookie", sessions.close]]))
    if (Option.isSome(entraSignIn)) return entraSignIn.value(app)
    app.get(
      "/sign-in",
      open((c, shell) => choose(c, shell, returnToOf(c)))
    )
    app.post(
      "/sign-in",
      open(
        Effect.fnUntraced(function* (c, shell) {
          const { account = "", ...form } = yield* readForm(c, Choice)
          const returnTo = safeReturnTo(form.returnTo, start)
          const actor = development ? yield* accounts.actor(account) : Option.none()
          if (Option.isNone(actor)) {
            return yield* choose(c, shell, returnTo, "There is no such account. Choose one from the list.")
          }
          return redirect(returnTo, 303, [["set-cookie", yield* sessions.open(actor.value.id)]])
        })
      )
    )
  }
})
