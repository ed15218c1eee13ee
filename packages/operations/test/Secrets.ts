/** A text that gives a secret away, and the part of it that must not survive. */
export interface Leak {
  readonly text: string
  readonly secret: string
}

const leak = (secret: string, text: (secret: string) => string): Leak => ({ secret, text: text(secret) })

/** Letters, digits and `-_` from numbers of 0 to 63; a digit comes early, as in every token. */
const token = (bits: ReadonlyArray<number>) =>
  bits
    .map((bit) => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[bit] ?? "A")
    .join("")
    .replace(/^(.{2})./, "$17")

const base64 = (bits: ReadonlyArray<number>) => token(bits).replaceAll("-", "+").replaceAll("_", "/")

const jwt = (bits: ReadonlyArray<number>) => {
  const header = [
    { alg: "RS256", typ: "JWT" },
    { typ: "JWT", kid: token(bits) },
    { kid: token(bits), alg: "ES256" }
  ]
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  return `${part(header[(bits[0] ?? 0) % 3])}.${part({ aud: "https://graph.microsoft.com" })}.${token(bits)}`
}

const pem = (bits: ReadonlyArray<number>, newline = "\n"): Leak => {
  const line = base64(bits).repeat(2).slice(0, 64)
  const body = [line, line, line.slice(0, 20)].join(newline)
  return leak(line, () => `-----BEGIN PRIVATE KEY-----${newline}${body}${newline}-----END PRIVATE KEY-----${newline}`)
}

const entra = (bits: ReadonlyArray<number>) => `${token(bits).slice(0, 3)}8Q~${token(bits).slice(6, 40)}`

type Kind = (bits: ReadonlyArray<number>, odd: string) => Leak

/** Every kind of secret, each in the forms in which it turns up. `odd` is any text at all. */
export const kinds: Readonly<Record<string, Kind>> = {
  bearer: (bits) => leak(token(bits), (it) => `Bearer ${it}`),
  opaqueBearer: (bits) => leak(base64(bits), (it) => `got bearer ${it} back`),
  authorizationHeader: (bits) => leak(base64(bits), (it) => `Authorization: Basic ${it}==\r\nHost: example.com`),
  authorizationJson: (bits, odd) => leak(token(bits), (it) => JSON.stringify({ authorization: `Bearer ${odd}${it}` })),
  authorizationList: (bits) => leak(token(bits), (it) => JSON.stringify({ Authorization: [it] })),
  cookie: (bits) => leak(token(bits), (it) => `Cookie: a=b; session=${it}; c=d\n`),
  jwt: (bits) => leak(jwt(bits), (it) => it),
  secretInForm: (bits, odd) =>
    leak(token(bits), (it) => `grant_type=x&client_secret=${encodeURIComponent(odd)}${it}&scope=x`),
  secretInJson: (bits, odd) => leak(token(bits), (it) => JSON.stringify({ id: 1, clientSecret: odd + it, more: "x" })),
  secretText: (bits, odd) => leak(token(bits), (it) => JSON.stringify({ secretText: it + odd })),
  secretInLine: (bits) => leak(entra(bits), (it) => `AZURE_CLIENT_SECRET = '${it}'`),
  assertion: (bits) => leak(jwt(bits), (it) => `client_assertion_type=urn%3Aoauth&client_assertion=${it}`),
  refreshToken: (bits) => leak(`0.A${token(bits)}`, (it) => JSON.stringify({ refresh_token: it, expires_in: 3600 })),
  password: (bits, odd) => leak(token(bits), (it) => JSON.stringify({ user: "x", password: odd + it })),
  passwordInXml: (bits) => leak(token(bits), (it) => `<Password>${it}</Password>`),
  passwordInLine: (bits) => leak(`${token(bits)}!$%,.`, (it) => `password: ${it}`),
  adoConnection: (bits) => leak(token(bits), (it) => `Server=db;User Id=sa;Pwd=${it};Encrypt=true`),
  storageConnection: (bits) => leak(base64(bits), (it) => `AccountName=a;AccountKey=${it}==;EndpointSuffix=core`),
  postgres: (bits, odd) =>
    leak(token(bits), (it) => `postgres://atlas:${encodeURIComponent(odd)}${it}@db.example.com:5432/atlas`),
  redis: (bits) => leak(token(bits), (it) => `redis://:${it}@x@cache:6379`),
  psk: (bits) => leak(token(bits), (it) => `wpa-psk=${it}`),
  wepKey: (bits, odd) => leak(token(bits), (it) => JSON.stringify({ ssid: "x", wepKey: odd + it, more: "x" })),
  licenseKey: (bits) => leak(token(bits), (it) => `licenseKey=${it}; more=x`),
  pem: (bits) => pem(bits),
  pemInEnvironment: (bits) => pem(bits, "\\n"),
  deltaToken: (bits) =>
    leak(token(bits), (it) =>
      JSON.stringify({ "@odata.deltaLink": `https://graph.microsoft.com/v1.0/groups/delta?$deltatoken=${it}` })
    ),
  skipToken: (bits) =>
    leak(token(bits), (it) => `GET https://graph.microsoft.com/v1.0/groups?$top=9&$skiptoken=${it}&$select=id failed`),
  sas: (bits) =>
    leak(
      encodeURIComponent(base64(bits)),
      (it) => `https://x.blob.core.windows.net/c/b?sv=2024-11-04&sr=b&sig=${it}&se=2`
    ),
  sasEscaped: (bits) =>
    leak(token(bits), (it) => `https://x.blob.core.windows.net/c/b?sp=r\\u0026sig=${it}\\u0026sv=2`),
  s3: (bits) => leak(token(bits), (it) => `https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=${it}`),
  intune: (bits) =>
    leak(`Stateless${token(bits)}FEService`, (it) =>
      JSON.stringify({
        _version: 3,
        Message: `Url: https://fef.msua06.manage.microsoft.com/${it}/x?api-version=5`,
        HttpHeaders: "{}"
      })
    ),
  entraSecret: (bits) => leak(entra(bits), (it) => it)
}

/** What a text goes through on its way into a log. */
export const wraps = {
  json: (text: string) => JSON.stringify({ level: "error", message: text, next: "more" }),
  html: (text: string) => JSON.stringify({ message: text }).replaceAll('\\"', "\\u0022"),
  url: (text: string) => `https://example.com/log?m=${encodeURIComponent(text)}&n=2`
}
export type Wrap = keyof typeof wraps

/** Twelve characters of a secret that a text still holds, in the form that they have after being wrapped. */
export const survivor = (text: string, secret: string, path: ReadonlyArray<Wrap>): string | undefined => {
  for (let at = 0; at + 12 <= secret.length; at++) {
    let piece = secret.slice(at, at + 12)
    if (text.includes(piece)) return piece
    for (const wrap of path) {
      piece = wrap === "url" ? encodeURIComponent(piece) : JSON.stringify(piece).slice(1, -1)
      if (text.includes(piece)) return piece
    }
  }
  return undefined
}
