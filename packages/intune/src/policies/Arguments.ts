/**
 * Schemas of arguments that several services take.
 *
 * @module
 */

import { Schema } from "effect"

/** An object with these members and any others: callers pass on items of an earlier page. */
const withMembers = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.StructWithRest(Schema.Struct(fields), [Schema.Record(Schema.String, Schema.Unknown)])

/** Names a policy: its collection, and its id there. */
export const PolicyName = withMembers({ source: Schema.String, id: Schema.String })

/** Names a policy in a list by title. */
export const TitledPolicyName = withMembers({ title: Schema.String, source: Schema.String, id: Schema.String })

const firstMillis = -62_135_596_800_000
const lastMillis = 253_402_300_799_999

/** An instant whose year has four digits, as calendars and the database write it. */
export const CalendarInstant = Schema.DateTimeUtc.check(
  Schema.makeFilter(({ epochMilliseconds }) => epochMilliseconds >= firstMillis && epochMilliseconds <= lastMillis, {
    expected: "an instant of the years 1 to 9999"
  })
)
