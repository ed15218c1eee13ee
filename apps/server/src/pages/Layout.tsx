import type { Actor } from "@atlas/operations"
import type { Child } from "hono/jsx"
import { Icon, Mark } from "./components/Icon.tsx"

/** What surrounds every page: who is signed in, and how. */
export interface Shell {
  readonly actor: Actor | null
  /** People sign in without proof; the page says so. */
  readonly development: boolean
  /** The path of the navigation entry that the page belongs to. */
  readonly current?: string
}

interface Props {
  readonly title: string
  readonly shell: Shell
  readonly children?: Child
}

const navigation = [
  { href: "/admin/tenants", label: "Tenants" },
  { href: "/admin/operations", label: "Operations" }
]

/** The document around a page's content. */
export const Layout = ({ title, shell, children }: Props) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${title} · Atlas`}</title>
      <link rel="icon" type="image/svg+xml" href="/assets/favicon.svg" />
      <link rel="stylesheet" href="/assets/app.css" />
      <script type="module" src="/assets/app.js" />
    </head>
    <body>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="header">
        <div class="header-inner">
          <a class="brand" href="/admin/operations">
            <Mark />
            <span>Atlas</span>
          </a>
          {shell.actor !== null && <Navigation actor={shell.actor} current={shell.current} />}
        </div>
        {shell.development && (
          <p class="development">
            <Icon name="info" />
            <span>Development sign-in: anyone on this machine can act as these people.</span>
          </p>
        )}
      </header>
      <main id="main" tabindex={-1}>
        {children}
      </main>
      <p class="visually-hidden" role="status" id="announcer" />
    </body>
  </html>
)

const Navigation = ({ actor, current }: { readonly actor: Actor; readonly current: string | undefined }) => (
  <>
    <nav aria-label="Main">
      <ul>
        {navigation.map(({ href, label }) => (
          <li>
            <a href={href} aria-current={href === current ? "page" : undefined}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
    <form class="account" method="post" action="/sign-out">
      <span class="account-name">
        <Icon name="person" />
        <span>
          <span class="visually-hidden">Signed in as </span>
          {actor.name}
        </span>
      </span>
      <button class="button quiet">Sign out</button>
    </form>
  </>
)

/**
 * A page as the text to send, with its document type.
 *
 * @param page what a page component returned
 */
export const renderDocument = async (page: { toString(): string } | Promise<{ toString(): string }>): Promise<string> =>
  `<!doctype html>\n${(await page).toString()}`
