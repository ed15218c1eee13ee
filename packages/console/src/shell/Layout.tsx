/**
 * The document around a page's content: header, navigation, sign-out and assets. Pages of the console, of parts and of hosts
 * render themselves inside `Layout`.
 *
 * @module
 */

import type { Actor } from "@atlas/operations"
import type { Host } from "./Host.ts"
import { type Links, LinksContext } from "./Links.ts"
import type { Child } from "hono/jsx"
import { Icon, Mark } from "./components/Icon.tsx"

/** What surrounds a page: whose console it is, and who is signed in. */
export interface Shell {
  readonly actor: Actor | null
  /** The path of the navigation entry that the page belongs to. */
  readonly current?: string
  readonly brand: string
  /** A sentence on every page; null for none. */
  readonly notice: string | null
  readonly links: Links
  /** Where to sign in; null if the host has no such address. */
  readonly signIn: string | null
  /** Where a form signs out; null if the host has no such address. */
  readonly signOut: string | null
}

/** The surroundings of a page before it is known who is signed in. */
export const shellOf = ({ brand, links, notice, signIn, signOut }: Host["Service"]): Shell => ({
  actor: null,
  brand,
  notice,
  links,
  signIn: signIn(links.to(home)),
  signOut
})

/** The page for people who were not on their way to another one. */
export const home = "/operations"

interface Props {
  readonly title: string
  readonly shell: Shell
  readonly children?: Child
}

const navigation = [
  { path: "/tenants", label: "Tenants" },
  { path: "/operations", label: "Operations" }
]

/** The document around a page's content. */
export const Layout = ({ title, shell, children }: Props) => (
  <LinksContext.Provider value={shell.links}>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · ${shell.brand}`}</title>
        <link rel="icon" type="image/svg+xml" href={shell.links.asset("favicon.svg")} />
        <link rel="stylesheet" href={shell.links.asset("app.css")} />
        <script type="module" src={shell.links.asset("app.js")} />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <header class="header">
          <div class="header-inner">
            <a class="brand" href={shell.links.to(home)}>
              <Mark />
              <span>{shell.brand}</span>
            </a>
            {shell.actor !== null && <Navigation actor={shell.actor} shell={shell} />}
          </div>
          {shell.notice !== null && (
            <p class="development">
              <Icon name="info" />
              <span>{shell.notice}</span>
            </p>
          )}
        </header>
        <main id="main" tabindex={-1}>
          {children}
        </main>
        <p class="visually-hidden" role="status" id="announcer" />
      </body>
    </html>
  </LinksContext.Provider>
)

const Navigation = ({ actor, shell }: { readonly actor: Actor; readonly shell: Shell }) => (
  <>
    <nav aria-label="Main">
      <ul>
        {navigation.map(({ label, path }) => (
          <li>
            <a href={shell.links.to(path)} aria-current={path === shell.current ? "page" : undefined}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
    {shell.signOut === null ? (
      <div class="account">
        <Person actor={actor} />
      </div>
    ) : (
      <form class="account" method="post" action={shell.signOut}>
        <Person actor={actor} />
        <button class="button quiet">Sign out</button>
      </form>
    )}
  </>
)

const Person = ({ actor }: { readonly actor: Actor }) => (
  <span class="account-name">
    <Icon name="person" />
    <span>
      <span class="visually-hidden">Signed in as </span>
      {actor.name}
    </span>
  </span>
)

/** A rendered page as text, with its document type. */
export const renderDocument = async (page: { toString(): string } | Promise<{ toString(): string }>): Promise<string> =>
  `<!doctype html>\n${(await page).toString()}`
