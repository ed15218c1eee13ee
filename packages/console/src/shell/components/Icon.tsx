/**
 * The drawings of the console: icons, and the mark of the product. Pages use them beside a text that says the same, so
 * assistive technology does not see them.
 *
 * @module
 */

const paths = {
  clock: "M8 4.5V8l2.2 1.6M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5Z",
  running: "M8 1.75A6.25 6.25 0 1 1 1.75 8",
  retry: "M13.5 3v3.5H10M13.2 6.5A5.75 5.75 0 1 0 13.6 9.5",
  check: "M5 8.2l2.1 2.1L11 6.2M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5Z",
  partial: "M8 6v3M8 11.2v.1M7.1 2.4 1.6 12a1 1 0 0 0 .9 1.6h11a1 1 0 0 0 .9-1.6L8.9 2.4a1 1 0 0 0-1.8 0Z",
  failed: "M6 6l4 4M10 6l-4 4M5.4 1.75h5.2l3.65 3.65v5.2l-3.65 3.65H5.4L1.75 10.6V5.4Z",
  blocked: "M3.7 3.7l8.6 8.6M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5Z",
  cancelled:
    "M5.5 8h5M3.5 2.25h9a1.25 1.25 0 0 1 1.25 1.25v9a1.25 1.25 0 0 1-1.25 1.25h-9a1.25 1.25 0 0 1-1.25-1.25v-9A1.25 1.25 0 0 1 3.5 2.25Z",
  info: "M8 7.3v3.6M8 5v.1M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5Z",
  link: "M6.5 9.5a2.6 2.6 0 0 0 3.7 0l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.5 6.5a2.6 2.6 0 0 0-3.7 0L3.5 8.8a2.6 2.6 0 0 0 3.7 3.7l.8-.8",
  close: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  arrow: "M3.5 8h9M8.75 4.25 12.5 8l-3.75 3.75",
  back: "M12.5 8h-9M7.25 4.25 3.5 8l3.75 3.75",
  person: "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8ZM2.75 13.75a5.25 5.25 0 0 1 10.5 0",
  dot: "M8 6.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3Z"
} as const

/** The name of a drawing. */
export type IconName = keyof typeof paths

/** An icon. Put it beside a text that says the same: it is hidden from assistive technology. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
    <path
      d={paths[name]}
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
)

/** The product's mark. */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
    <rect width="24" height="24" rx="6" class="mark-ground" />
    <path d="M12 5 6 19M12 5l6 14M8.4 13.5h7.2" class="mark-line" />
    <circle cx="12" cy="5" r="1.9" class="mark-dot" />
  </svg>
)
