import type { Child } from "hono/jsx"

/** The link to the next page of a list, with `rel="next"`; nothing behind the last page. */
export const NextPage = ({ children, href }: { readonly children: Child; readonly href: string | null }) =>
  href === null ? null : (
    <p class="pager">
      <a class="button" href={href} rel="next">
        {children}
      </a>
    </p>
  )
