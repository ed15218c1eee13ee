/**
 * Takes the secrets that were sent out of the refusal that came back. Graph's reason is the only hint that people get, and it may
 * repeat any value of the body: redaction knows secrets by the names before them, and a reason need not say any.
 *
 * @module
 */

const removed = "[removed: secret]"

// What is shorter is part of many words, and gives little away.
const shortest = 4

/** A secret as reasons write it: on one line, plain or within JSON. */
const formsOf = (secret: string): ReadonlyArray<string> => {
  const line = secret.replace(/\s+/g, " ").trim()
  return [...new Set([line, JSON.stringify(secret.trim()).slice(1, -1)])].filter(({ length }) => length >= shortest)
}

/** How much of a secret stands at the end of a text that was cut there. */
const overlap = (text: string, secret: string): number => {
  for (let length = Math.min(secret.length, text.length); length >= shortest; length--) {
    if (text.endsWith(secret.slice(0, length))) return length
  }
  return 0
}

/** A text without the secret that it was cut off within. */
const withoutCutSecret = (text: string, forms: ReadonlyArray<string>): string => {
  const cut = text.lastIndexOf("…")
  const length = cut === -1 ? 0 : Math.max(0, ...forms.map((form) => overlap(text.slice(0, cut), form)))
  return length === 0 ? text : `${text.slice(0, cut - length)}${removed}${text.slice(cut)}`
}

/** A message without the secrets that it repeats. */
export const withoutSecrets = (message: string, secrets: Iterable<string>): string => {
  // One secret may begin with another: the longest first.
  const forms = [...secrets].flatMap(formsOf).sort((a, b) => b.length - a.length)
  return forms.reduce((text, form) => text.replaceAll(form, removed), withoutCutSecret(message, forms))
}
