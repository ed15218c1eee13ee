/**
 * All rules about secrets in texts. Scripts, command lines and descriptions stay readable unless one of these matches.
 *
 * @module
 */

import { namedSecrets } from "./NamedSecrets.ts"
import { secretCommands } from "./SecretCommands.ts"
import type { SecretShape } from "./SecretShape.ts"
import { secretTokens } from "./SecretTokens.ts"

/** Every shape of secrets in texts. */
export const secretShapes: ReadonlyArray<SecretShape> = [...namedSecrets, ...secretCommands, ...secretTokens]

/** What a text has that holds any of them. Most texts have none of it: one look tells. */
export const secretHint = new RegExp(
  [
    "pass",
    "securestring",
    "pwd",
    String.raw`pw\b`,
    String.raw`pin\b`,
    "secret",
    "token",
    "credential",
    "psk",
    "key",
    "connection",
    "pfx",
    "blob",
    "licen",
    "eyJ",
    "Q~",
    "sig=",
    "://",
    String.raw`net1?(?:\.exe)?["']?\s`,
    "psexec",
    "schtasks",
    "security",
    "sudo",
    "curl",
    "Authorization",
    "Bearer",
    "Basic",
    "gh[pousr]_",
    "github_",
    "gl[a-z]{2,4}-",
    "xox[a-z]-",
    "xapp-",
    "npm_",
    "pypi-",
    String.raw`hv[sb]\.`,
    "k_live_",
    String.raw`SG\.`,
    "dop_v1_",
    "shp[a-z]{2}_",
    "A[KS]IA",
    "AIza",
    "sk-",
    "hooks?[./]",
    String.raw`\w{5}-\w{5}-\w{5}`
  ].join("|"),
  "i"
)
