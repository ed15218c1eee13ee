import type { Child } from "hono/jsx"

/** What a list without rows shows: why it is empty, and what to do. */
export const EmptyState = ({ title, children }: { readonly title: string; readonly children?: Child }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    <p class="muted">{children}</p>
  </div>
)
