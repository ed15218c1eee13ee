/**
 * Secrets by their place in a command: what programs of Windows, macOS and Linux take as a password.
 *
 * @module
 */

import { type SecretShape, strong } from "./SecretShape.ts"

/** In double quotes what starts with `$` is a variable, in single quotes it is not. */
const literal = String.raw`(?:"(?<double>[^"$\r\n][^"\r\n]{0,2000})"|'(?<single>[^'\r\n]{1,2000})')`
/** A word of a command line that is neither a switch nor a variable. */
const word = String.raw`(?<value>[^\s"'$%<>(){}/*|&;@-][^\s"'<>(){}|;]{2,500})`
const argument = String.raw`(?:${literal}|${word})`
/** Between the words of a command of PowerShell, which a backtick continues on the next line. */
const space = String.raw`(?:[ \t]|\x60\r?\n)`
/** What is left of a command, over lines that a shell joins. */
const inCommand = String.raw`(?:\\\r?\n|[^\r\n]){0,300}?`
/** What programs take as secrets by the place where it stands. */
export const secretCommands: ReadonlyArray<SecretShape> = [
  {
    what: "a secure string made of a text",
    pattern: new RegExp(
      String.raw`ConvertTo-SecureString(?:${space}{1,20}-\w{1,20}(?::\$\w{1,10})?){0,4}${space}{1,20}(?:@["'][ \t]{0,20}\r?\n(?<value>[^\r\n]{1,2000})|'\$[^'\r\n]{1,2000}'|${literal})`,
      "gi"
    )
  },
  {
    what: "a secure string made of a word",
    pattern: new RegExp(
      String.raw`ConvertTo-SecureString${space}{1,20}(?:-String${space}{1,20})?${word}${space}{1,20}-AsPlainText`,
      "gi"
    )
  },
  {
    what: "a secure string made of a word after its switches",
    pattern: new RegExp(
      String.raw`ConvertTo-SecureString${space}{1,20}-AsPlainText${space}{1,20}(?:-Force${space}{1,20})?(?:-String${space}{1,20})?${word}`,
      "gi"
    )
  },
  {
    what: "a secure string made of what a pipe brings",
    pattern: new RegExp(String.raw`${literal}\s{0,20}\|\s{0,20}ConvertTo-SecureString`, "gi")
  },
  {
    what: "credentials of .NET",
    pattern: new RegExp(
      String.raw`NetworkCredential(?:\]::new)?\s{0,5}\(\s{0,5}[^\s,()]{1,100}\s{0,5},\s{0,5}${literal}`,
      "gi"
    )
  },
  {
    what: "net user with a password and a switch",
    pattern: new RegExp(
      String.raw`\bnet1?(?:\.exe)?["']?\s{1,20}(?:-Arg\w{0,20}\s{1,20})?["']?user\s{1,20}(?:"[^"\r\n]{1,100}"|[^\s"/]{1,100})\s{1,20}${argument}["']?\s{1,20}/\w`,
      "gi"
    )
  },
  {
    what: "net user with a password",
    pattern: new RegExp(
      String.raw`\bnet1?(?:\.exe)?["']?\s{1,20}user\s{1,20}(?:"[^"\r\n]{1,100}"|[^\s"/]{1,100})[ \t]{1,20}${strong}${argument}[ \t]{0,20}$`,
      "gim"
    )
  },
  {
    what: "net use with a password before the user",
    pattern: new RegExp(
      String.raw`\bnet(?:\.exe)?\s{1,20}use\s{1,20}(?:[^\s\\]{1,20}\s{1,20})?["']?\\\\[^\s"']{1,300}["']?\s{1,20}${argument}[^\r\n]{0,100}?\s/user:`,
      "gi"
    )
  },
  {
    what: "net use with a password after the user",
    pattern: new RegExp(
      String.raw`\bnet(?:\.exe)?\s{1,20}use\s[^\r\n]{0,300}?\s/user:[^\s"']{1,100}\s{1,20}${argument}`,
      "gi"
    )
  },
  {
    what: "a password for a program that reads it from a switch of its own",
    pattern: new RegExp(
      String.raw`\b(?:sshpass[ \t]{1,5}-p|psexec(?:64)?(?:\.exe)?[ \t]${inCommand}-p|cmdkey(?:\.exe)?[ \t]${inCommand}/pass:|schtasks(?:\.exe)?[ \t]${inCommand}/r?p|security[ \t]{1,5}(?:unlock-keychain|create-keychain|set-keychain-\w{1,20}|import|add-(?:generic|internet)-password)[ \t]${inCommand}-[pPwk])[ \t]{0,5}${argument}`,
      "gi"
    )
  },
  {
    what: "a password for openssl",
    pattern: new RegExp(String.raw`-pass(?:in|out)?[ \t]{1,5}["']?pass:(?<value>[^\s"'$%<>(){}]{2,500})`, "gi")
  },
  {
    what: "a password that a pipe gives to sudo, passwd or chpasswd",
    pattern: new RegExp(
      String.raw`\b(?:echo|printf)[ \t]{1,5}(?:-\w{1,3}[ \t]{1,5})?${argument}[ \t]{0,20}\|[ \t]{0,20}(?:sudo[ \t]{1,5}(?:-\w{1,5}[ \t]{1,5}){0,3}?-\w{0,5}S|(?:sudo[ \t]{1,5})?(?:chpasswd|passwd)\b)`,
      "g"
    )
  },
  {
    what: "a user and a password for curl",
    pattern: new RegExp(
      String.raw`\bcurl(?:\.exe)?\s${inCommand}\s?(?:-u|-U|--user|--proxy-user)[ =]{0,5}["']?[^\s:"']{1,100}:(?<value>[^\s"'$%<>(){}][^\s"']{0,500})`,
      "g"
    )
  },
  {
    what: "a key as an argument",
    pattern:
      /(?<=\s)(?:--?|\/)key[ \t:=]{1,5}["']?(?=(?:[^\d\s"']{0,100}\d){3})(?=[\d_-]{0,100}[A-Za-z])[\w+/=-]{12,500}(?![\w\\.:])/gi
  }
]
