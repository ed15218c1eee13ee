/**
 * Which members hold secrets, by name. The last noun of a name says what a member holds: `adminAccountPassword` is a password,
 * `passwordMinimumLength` is a length. Names of members, keys, settings, OMA-URIs, arguments and labels are judged alike.
 *
 * @module
 */

// Compared without separators and case, since definitions of settings have neither.
const endsInSecret = new RegExp(
  "(?:" +
    "pass(?:word|wd|phrase|code)|secret|token|credential|psk|keymaterial|connectionstring|pfx(?:blob|data|file|content)?" +
    // The package that enrols devices in Defender, and the one that ends that.
    "|(?:on|off)boardingblob" +
    "|(?:access|account|activation|api|encryption|licen[cs]e|master|network|private|product|recovery|secret|shared|signing" +
    "|storage|subscription|symmetric|wep|workspace|wpa)key" +
    ")s?(?:value|text|string|base64|plain)?$"
)

// Short words count only as words: nobody keeps a secret in `spin`.
const endsInShortWord = /(?:^|[^A-Za-z])(?:pin|pw|pwd)$|(?:^|[a-z\d])(?:Pin|PIN|Pw|PW|Pwd|PWD)$/

/** Members that Microsoft documents as secrets, and whose names do not say so. */
const documented: ReadonlySet<string> = new Set(["configurationxml", "license", "passwordformatstring"])

/** Whether what has this name is a secret. */
export const isSecretName = (name: string): boolean => {
  const bare = name.replace(/[^A-Za-z\d]/g, "").toLowerCase()
  return documented.has(bare) || endsInSecret.test(bare) || endsInShortWord.test(name.replace(/[^A-Za-z\d]+$/, ""))
}

/**
 * What enrols devices and is of use to whoever reads it. A restore makes it anew, so nothing of it is stored but that it was
 * there.
 */
export const handedOut: ReadonlySet<string> = new Set(["tokenValue", "qrCodeContent", "qrCodeImage", "wifiPassword"])

/** In place of a secret, Graph shows asterisks. Nobody can write these back. */
export const isMasked = (value: string): boolean => /^\*{4,}$/.test(value)

// Words of enumerations, and variables that something else replaces.
const noSecret = /^(?:true|false|null|none|required|optional|enabled|disabled|notConfigured|\d)$/i
const variable = /^(?:\{\{[^{}]+\}\}|%\w+%|\$\{?\(?[\w:.]+\)?\}?|<[^<>]+>)$/

/** Whether a text can be a secret: it is not empty, masked, a word of an enumeration or a variable. */
export const canBeSecret = (value: string): boolean => {
  const text = value.trim()
  return text !== "" && !isMasked(text) && !noSecret.test(text) && !variable.test(text)
}
