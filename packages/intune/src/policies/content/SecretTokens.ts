/**
 * Secrets by their own form: keys, tokens and addresses that need no name.
 *
 * @module
 */

import type { SecretShape } from "./SecretShape.ts"

/** What says what it is, wherever it stands. */
export const secretTokens: ReadonlyArray<SecretShape> = [
  { what: "a private key", pattern: /-----BEGIN[\w ]{0,30} PRIVATE KEY|PuTTY-User-Key-File-/g },
  {
    what: "a certificate with its key, in a property list",
    pattern: /<key>\s*PayloadContent\s*<\/key>\s*<data>\s*[\w+/]/g
  },
  { what: "a token in JSON's own form", pattern: /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\./g },
  {
    what: "what authorises a request",
    pattern:
      /[Aa]uthorization["']?\s{0,5}(?:=>|[:=,])\s{0,5}["']?(?:[Bb]asic|[Bb]earer|[Tt]oken|[Aa]pi[Kk]ey|SSWS|Splunk)\s{1,5}(?=[^\s"']{0,300}(?:[\d=]|[a-z][A-Z]))[\w.~+/=:-]{6,}/g
  },
  {
    what: "a key that authorises a request",
    pattern: /Authorization["']?\s{0,5}(?:=>|[:=,])\s{0,5}["'](?=[^\s"']{0,300}\d)[\w.~+/=-]{16,2000}["']/gi
  },
  { what: "a bearer's token", pattern: /\bBearer\s{1,5}(?=[\w.~+/-]{0,300}\d)[\w.~+/-]{16,}/gi },
  { what: "a name and a password in base64", pattern: /\bBasic\s{1,5}[A-Za-z\d+/]{8,1000}={1,2}/g },
  { what: "a secret of an app of Entra", pattern: /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{20,}/g },
  { what: "the signature of an address", pattern: /(?:[?&]sig=[\w%+/-]{10,}|(?<![\w-])sig=[\w%+/-]{30,})/g },
  {
    what: "a password in an address",
    pattern: /:\/\/[^\s/:@"'<>]{1,100}:[^\s/@"'<>$%{}]{1,200}@/g
  },
  {
    what: "a token of GitHub, GitLab, Slack, npm, PyPI, HashiCorp Vault, Stripe, SendGrid, DigitalOcean or Shopify",
    pattern:
      /(?<![A-Za-z\d])(?:gh[pousr]_[A-Za-z\d]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt|ft|soat)-[\w-]{15,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|npm_[A-Za-z\d]{30,}|pypi-[\w-]{30,}|hv[sb]\.[\w-]{20,}|[sr]k_live_[A-Za-z\d]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|dop_v1_[a-f\d]{40,}|shp(?:at|ss|ca|pa)_[a-fA-F\d]{20,})/g
  },
  {
    what: "a key of Amazon, Google, OpenAI or Anthropic",
    pattern:
      /(?<![\w-])(?:(?:AKIA|ASIA)[A-Z\d]{16}(?![A-Z\d])|AIza[\w-]{30,}|sk-(?=[\w-]{0,100}\d)(?:proj-|ant-|svcacct-)?[\w-]{20,})/g
  },
  {
    what: "the secret access key of Amazon",
    pattern: /secret_?access_?key["']?\s{0,20}(?:=>|[:=,])?\s{0,20}["']?[A-Za-z\d/+]{30,}/gi
  },
  {
    what: "an address that takes messages from whoever knows it",
    pattern:
      /hooks\.slack\.com\/(?:services|workflows|triggers)\/\w{6,}|webhook\.office\.com\/webhookb2\/[\w-]{20,}|discord(?:app)?\.com\/api\/webhooks\/\d{10,}/gi
  },
  {
    what: "a product key",
    pattern: /(?<![\w-])(?=[A-Z-]{0,28}\d)(?=[\d-]{0,28}[A-Z])[A-Z\d]{5}(?:-[A-Z\d]{5}){4}(?![\w-])/g
  }
]
