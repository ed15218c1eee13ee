/**
 * What a rule about secrets in texts is. Whatever repeats in a pattern has a bound, so that a text is looked through in time that
 * grows with its length.
 *
 * @module
 */

/**
 * What secrets of a kind look like in texts. A match with a group `name` counts only if that is the name of a secret; one with a
 * group `value`, `double` or `single` only if that can be a secret, which variables and placeholders cannot.
 */
export interface SecretShape {
  readonly what: string
  /** With the flag `g`. */
  readonly pattern: RegExp
}

/** What hardly any word has that is not made up to be hard to guess. */
export const strong = String.raw`(?=\S{0,200}(?:[\d@#^&*+~]|[!?]\w))`
