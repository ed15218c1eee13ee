/**
 * One statement for what many callers want written at the same moment. While statements are on their way, what comes meanwhile
 * gathers, and goes with the next one. No timer is involved: what comes when none is on its way goes at once.
 *
 * @module
 */

import { Effect, Exit, Latch, Option, Request, RequestResolver } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { SqlClient, type SqlError } from "effect/sql"
import { sqlText } from "../text/SqlText.ts"
import { isRefusal } from "./statementFailure.ts"

/** How items are written, together and each by itself. */
export interface GatheredStatement<Item, Answer> {
  /** The name of the span around a statement for many. */
  readonly name: string
  /**
   * Writes all items in one statement, and answers in their order. It begins with `patience`: nobody waits for the lock that
   * another one's item needs.
   */
  readonly together: (items: NonEmptyReadonlyArray<Item>) => Effect.Effect<ReadonlyArray<Answer>, SqlError.SqlError>
  /** Writes one item. */
  readonly alone: (item: Item) => Effect.Effect<Answer, SqlError.SqlError>
  /** Statements for many that are on their way at once: while the database writes one, the next is made. */
  readonly mostOnTheirWay: number
  /** Whether what comes when none is on its way goes alone, at once, or together with what comes in the same moment. */
  readonly whenIdle: "alone" | "together"
}

/**
 * The beginning of a statement for many, to be read before anything is locked: it waits for a lock only so long, and is refused
 * then. A caller's transaction may hold the lock for any time, and it may even wait for what the statement has locked already.
 */
export const patience = sqlText`patience AS MATERIALIZED (SELECT set_config('lock_timeout', '100', true) AS set)`

/** A statement for so many does not wait for another one. */
const mostTogether = 256

interface Gathered<Item, Answer> extends Request.Request<Option.Option<Answer>, SqlError.SqlError> {
  readonly item: Item
}

/**
 * Makes the function that writes an item together with those of other callers. What is refused together is written again one by
 * one, each by its own caller, so that no caller gets the failure of another. Inside a caller's transaction an item goes alone.
 *
 * A caller that is interrupted while its item gathers withdraws it. Once the statement is on its way, the item is written as if
 * the caller were still there.
 */
export const gathering = <Item, Answer>(
  sql: SqlClient.SqlClient,
  { alone, mostOnTheirWay, name, together, whenIdle }: GatheredStatement<Item, Answer>
): ((item: Item) => Effect.Effect<Answer, SqlError.SqlError>) => {
  const free = Latch.makeUnsafe(true)
  let onTheirWay = 0
  let oneIsAlone = false
  const leave = Effect.sync(() => {
    onTheirWay += 1
    if (onTheirWay >= mostOnTheirWay) free.closeUnsafe()
  })
  const arrive = Effect.sync(() => {
    onTheirWay -= 1
    if (onTheirWay < mostOnTheirWay) free.openUnsafe()
  })

  const resolver = RequestResolver.make<Gathered<Item, Answer>>((entries) => {
    const [first, ...others] = entries
    return Effect.acquireUseRelease(
      leave,
      () => together([first.request.item, ...others.map(({ request }) => request.item)]),
      () => arrive
    ).pipe(
      Effect.map((answers) => answers.map(Option.some)),
      Effect.catchIf(isRefusal, () => Effect.succeed(entries.map(() => Option.none<Answer>()))),
      Effect.map((answers) =>
        entries.forEach((entry, place) => {
          entry.completeUnsafe(Exit.succeed(answers[place] ?? Option.none()))
        })
      )
    )
  }).pipe(
    // Those of the same moment go together, too.
    RequestResolver.setDelayEffect(Effect.andThen(Effect.yieldNow, free.await)),
    RequestResolver.batchN(mostTogether),
    RequestResolver.withSpan(name)
  )
  const gathered = Request.of<Gathered<Item, Answer>>()

  // Of what goes alone nobody knows how long it waits for a lock, so nothing waits for it.
  const goAlone = (item: Item) =>
    Effect.suspend(() => {
      oneIsAlone = true
      return Effect.ensuring(
        alone(item),
        Effect.sync(() => (oneIsAlone = false))
      )
    })
  const goTogether = (item: Item) =>
    Effect.flatMap(
      Effect.request(gathered({ item }), resolver),
      Option.match({ onNone: () => alone(item), onSome: Effect.succeed })
    )

  return (item) =>
    Effect.flatMap(Effect.serviceOption(sql.transactionService), (transaction) => {
      if (Option.isSome(transaction)) return alone(item)
      return whenIdle === "alone" && onTheirWay === 0 && !oneIsAlone ? goAlone(item) : goTogether(item)
    })
}
