import { DateTime } from "effect"
import { formatAbsolute, formatRelative, formatZoned } from "./format.ts"

/** An instant relative to now; hovering shows the absolute time. The script keeps it current, in the viewer's time zone. */
export const Time = ({ at, now }: { readonly at: DateTime.Utc; readonly now: DateTime.Utc }) => (
  <time datetime={DateTime.formatIso(at)} title={formatAbsolute(at)}>
    {formatRelative(at, now)}
  </time>
)

/** An instant as date and time. The script shows it in the viewer's time zone. */
export const AbsoluteTime = ({ at }: { readonly at: DateTime.Utc }) => (
  <time datetime={DateTime.formatIso(at)} data-absolute="">
    {formatAbsolute(at)}
  </time>
)

/** An instant as date and time in a named time zone; hovering shows it in the viewer's own. */
export const ZonedTime = ({ at, zone }: { readonly at: DateTime.Utc; readonly zone: string }) => (
  <time datetime={DateTime.formatIso(at)} title={formatAbsolute(at)} data-zone={zone}>
    {formatZoned(at, zone)}
  </time>
)

/** When something is due; “now” once that is past. */
export const DueTime = ({ at, now }: { readonly at: DateTime.Utc; readonly now: DateTime.Utc }) => (
  <time datetime={DateTime.formatIso(at)} title={formatAbsolute(at)} data-due="">
    {DateTime.isGreaterThan(at, now) ? formatRelative(at, now) : "now"}
  </time>
)
