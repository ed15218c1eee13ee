import { DateTime } from "effect"
import { formatAbsolute, formatRelative } from "./format.ts"

/** An instant relative to now, with the absolute time on hover; the script keeps it current in the viewer's zone. */
export const Time = ({ at, now }: { readonly at: DateTime.Utc; readonly now: DateTime.Utc }) => (
  <time datetime={DateTime.formatIso(at)} title={formatAbsolute(at)}>
    {formatRelative(at, now)}
  </time>
)

/** An instant as date and time; the script shows it in the viewer's zone. */
export const AbsoluteTime = ({ at }: { readonly at: DateTime.Utc }) => (
  <time datetime={DateTime.formatIso(at)} data-absolute="">
    {formatAbsolute(at)}
  </time>
)

/** When something is due: once that is past, it is due now. */
export const DueTime = ({ at, now }: { readonly at: DateTime.Utc; readonly now: DateTime.Utc }) => (
  <time datetime={DateTime.formatIso(at)} title={formatAbsolute(at)} data-due="">
    {DateTime.isGreaterThan(at, now) ? formatRelative(at, now) : "now"}
  </time>
)
