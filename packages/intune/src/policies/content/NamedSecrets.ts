/**
 * Secrets by the name before them: in profiles, JSON, scripts, settings and sentences.
 *
 * @module
 */

import { type SecretShape, strong } from "./SecretShape.ts"

const name = String.raw`(?<name>[\w.-]{2,80})`
const quoted = String.raw`(?:"(?<double>[^"\r\n]{1,2000})"|'(?<single>[^'\r\n]{1,2000})')`
/** Where a line, or what a line quotes, is at its end. */
const lineEnd = String.raw`["'.]?[ \t]{0,20}$`
const noNameOfLicense = String.raw`(?![Ll]icen[cs]e\b|LICENSE\b)`

/** What follows a name in type annotations and in reports, and is no secret. */
const ordinaryWords = [
  "any bool boolean bytes credential int object password pscredential secret securestring str string",
  "text token always blank changed default empty expired hidden invalid mandatory missing never",
  "redacted reset rotated unchanged unknown unset valid"
].flatMap((line) => line.split(" "))

/** Names before their values. */
export const namedSecrets: ReadonlyArray<SecretShape> = [
  {
    what: "a key and its string in a property list",
    pattern: /<key>\s*(?<name>[^<>]{2,120}?)\s*<\/key>\s*<(?:string|data)>(?<value>[^<>]+)</g
  },
  {
    what: "an element of XML",
    pattern: new RegExp(String.raw`<(?:[\w.-]{1,40}:)?${name}(?:\s[^<>]{0,500})?>(?<value>[^<>]+)</`, "g")
  },
  {
    what: "a value of an administrative template",
    pattern: /<data\s+id\s*=\s*["'](?<name>[^"'<>]{2,120})["']\s+value\s*=\s*["'](?<value>[^"'<>]+)["']/g
  },
  {
    // $password = "…", password: "…", "password": "…"
    what: "a name and a quoted value",
    pattern: new RegExp(String.raw`(?<![\w.-])${name}["']?\s{0,20}(?:=>|[:=])\s{0,20}${quoted}`, "g")
  },
  {
    // As command lines and connection strings have it: PASSWORD=…, AccountKey=…
    what: "a name and a value without quotes",
    pattern: new RegExp(String.raw`(?<![\w.-])${name}=(?<value>[^\s"'$%<>(){}[\];,&|]{3,2000})`, "g")
  },
  {
    // -Password …, --token …, /p:…
    what: "an argument",
    pattern: new RegExp(
      String.raw`(?<=\s|^)(?:--?|/)${name}[ \t:=]{1,20}(?:${quoted}|(?<value>[^\s"'$%<>(){}-][^\s"'$<>(){}]{2,2000}))`,
      "g"
    )
  },
  {
    what: "a here-string of PowerShell",
    pattern: new RegExp(
      String.raw`(?<![\w.-])${name}\s{0,20}=\s{0,20}@["'][ \t]{0,20}\r?\n(?<value>[^\r\n]{1,2000})`,
      "g"
    )
  },
  {
    what: "a here-document of a shell",
    pattern: new RegExp(
      String.raw`(?<![\w.-])${name}=["']?\$\(cat[ \t]{1,5}<<-?["']?\w{1,40}["']?[ \t]{0,20}\r?\n(?<value>[^\r\n]{1,2000})`,
      "g"
    )
  },
  {
    // Password: Hunter2x!
    what: "a name, a colon and a word that is hard to guess",
    pattern: new RegExp(
      String.raw`(?<![\w.-])${noNameOfLicense}${name}[ \t]{0,5}:[ \t]{0,20}${strong}(?<value>[^\s"'$%<>(){}[\],;|\\][^\s"'<>(){}[\],;|\\]{3,200}?)${lineEnd}`,
      "gm"
    )
  },
  {
    what: "a line of nothing but a name, a colon and a word",
    pattern: new RegExp(
      String.raw`^[ \t]{0,20}(?:-[ \t]{1,5})?${noNameOfLicense}${name}[ \t]{0,5}:[ \t]{1,20}(?!(?:${ordinaryWords.join("|")})[ \t]{0,20}$)(?<value>[A-Za-z][\w!?-]{3,200})[ \t]{0,20}$`,
      "gim"
    )
  },
  {
    // password = x9!… as configuration files have it; in programs a word without quotes is a variable.
    what: "a setting with spaces around its equals sign",
    pattern: new RegExp(
      String.raw`^[ \t]{0,20}${name}[ \t]{1,20}=[ \t]{1,20}(?=\S{0,200}\d)(?=\S{0,200}[!@#^&*?+/~=])(?<value>[^\s"'$%<>(){}[\],;|\\]{6,500})[ \t]{0,20}$`,
      "gm"
    )
  },
  {
    what: "a sentence that says what a password is",
    pattern: new RegExp(
      String.raw`(?<![\w.-])${name}[ \t]{1,5}(?:is|was)[ \t]{0,5}:?[ \t]{1,5}["']?(?=\S{0,200}\d)(?=\S{0,200}[A-Za-z])(?=\S{0,200}[!@#$^&*?+~])(?<value>[^\s"'$%<>(){}]{6,200})`,
      "g"
    )
  }
]
