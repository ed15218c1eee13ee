/**
 * Random numbers that a seed decides, for everything that the fake leaves to chance.
 *
 * @module
 */

/** The next number, from 0 up to but not including 1. */
export type Random = () => number

/** mulberry32: small, fast, and the same on every machine. The same seed gives the same numbers. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One element of a list that is not empty. */
export const pick = <A>(random: Random, from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)] as A

const hex = (random: Random): string =>
  Math.floor(random() * 4_294_967_296)
    .toString(16)
    .padStart(8, "0")

/** A UUID of version 4. */
export const uuidFrom = (random: Random): string => {
  const [a, b, c, d] = [hex(random), hex(random), hex(random), hex(random)]
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`
}
