import { Schema } from "effect"

/** How many a page has. */
export const pageLimit = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))

/** An object of which these members are read, whatever others it has: callers hand over what an earlier page has shown. */
const withMembers = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.StructWithRest(Schema.Struct(fields), [Schema.Record(Schema.String, Schema.Unknown)])

/** Names a policy: its collection, and its id there. */
export const PolicyName = withMembers({ source: Schema.String, id: Schema.String })

/** The same in a list by title. */
export const TitledPolicyName = withMembers({ title: Schema.String, source: Schema.String, id: Schema.String })

const firstMillis = -62_135_596_800_000
const lastMillis = 253_402_300_799_999

/** An instant that a calendar with years of four digits has, and so the database. */
export const CalendarInstant = Schema.DateTimeUtc.check(
  Schema.makeFilter(({ epochMilliseconds }) => epochMilliseconds >= firstMillis && epochMilliseconds <= lastMillis, {
    expected: "an instant of the years 1 to 9999"
  })
)
