import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer, Schema } from "effect"
import { TestConsole } from "effect/testing"
import { Redaction } from "../../src/index.ts"
import { kinds, survivor, type Wrap, wraps } from "../Secrets.ts"

const Bits = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 63 }))).check(
  Schema.isMinLength(40),
  Schema.isMaxLength(48)
)
const tricky = [
  "",
  " ",
  "The request failed: ",
  '{"a":"',
  "'",
  "\\",
  '\\"',
  "%22",
  "https://",
  "https://graph.microsoft.com/v1.0/groups?$top=9&x=",
  "a@b.com ",
  "[removed: ",
  "[removed: password]",
  "eyJ",
  "Bearer ",
  "password=",
  'password="',
  "token: ",
  "\n"
]
const Noise = Schema.Array(Schema.Union([Schema.Literals(tricky), Schema.String])).check(Schema.isMaxLength(3))
const Path = Schema.Array(Schema.Literals(["json", "html", "url"])).check(Schema.isMaxLength(3))

const wrapped = (text: string, path: ReadonlyArray<Wrap>) => path.reduce((inner, wrap) => wraps[wrap](inner), text)

const joined = (noise: ReadonlyArray<string>) => noise.join("").toWellFormed()

/** What there is to say without giving anything away. */
const ordinary = [
  "The client secret expired on 2026-07-01T10:00:00.000Z.",
  "Bearer authentication failed: the bearer token is missing",
  "Invalid token: expired. The signature: does not match.",
  "AADSTS7000215: Invalid client secret provided. Trace ID: 0a1b2c3d-1234-4abc-9def-001122334455",
  "Microsoft Graph answered groups.list with 403 (Authorization_RequestDenied).",
  "GET https://graph.microsoft.com/v1.0/groups?$select=id,displayName&$top=999 answered 429",
  'WWW-Authenticate: Bearer realm="", authorization_uri="https://login.microsoftonline.com/common"',
  "Group MonkeyJunglePartyPeople2024 (Sales.EMEA.M) was not found",
  "http://127.0.0.1:4000/admin/operations/019845e1-682f-7b02-a706-3b2422d13aec",
  "https://host:8080/users/ada@example.com",
  "postgres://localhost:5432/atlas",
  "    at file:///srv/atlas/node_modules/.pnpm/effect@4.1.0/src/internal/effect.ts:1585:10",
  '{"password":null,"token":"","secret":{"length":40},"identityKey":["while_active"]}',
  "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  "design=modern&config=1&key=value",
  "spin=1 mapping=2 passwordMinimumLength=8 preSharedKeyIsSet=true licenseType=x",
  "The credential: it expired. The license: none is left. The product key: missing.",
  '{"passwordRequired":"yes","tokenName":"x","keyUsage":"y"}'
]

const secrets: Readonly<Record<string, string>> = {
  "Bearer abc1234567890": "Bearer [removed: bearer token]",
  "Authorization: Basic dXNlcjpwYXNz": "Authorization: Basic [removed: authorization header]",
  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln": "[removed: JWT]",
  "client_secret=hunter2&scope=x": "client_secret=[removed: client secret]&scope=x",
  '{"password":"a\\"b,c","user":"ada"}': '{"password":"[removed: password]","user":"ada"}',
  "postgres://ada:pa@ss@db:5432/x": "postgres://ada:[removed: password]@db:5432/x",
  "password=postgres://ada:p')4ss@db:5432/x": "password=[removed: password]",
  "postgres://ada:p4ssw": "postgres://ada:[removed: password]",
  "-----BEGIN PRIVATE KEY-----\nMIIE": "[removed: private key]",
  "https://graph.microsoft.com/v1.0/groups/delta?$deltaToken=q1w2e3":
    "https://graph.microsoft.com/v1.0/groups/delta?$deltaToken=[removed: delta token]",
  "https://a.blob.core.windows.net/c?sv=2024-11-04&se=2026-07-01T10:00Z&sp=r&sig=a%2Bb":
    "https://a.blob.core.windows.net/c?[removed: signed URL]",
  "Url: https://fef.msua06.manage.microsoft.com/Stateless/x?api-version=5 - Customer":
    "Url: https://[removed: internal address] - Customer",
  "Url: https://fef.cnpasu01.manage.microsoftonline.cn/x/y - Customer":
    "Url: https://[removed: internal address] - Customer",
  "see https://agents.cnpasu01.manage.microsoftonl": "see https://[removed: internal address]",
  "see https://agents.msub05.manage.microsoft.u": "see https://[removed: internal address]",
  "see https://fef.msua06.manage.micro": "see https://[removed: internal address]",
  "secret is abc8Q~0123456789abcdefghijklmnopqrstuvwx": "secret is [removed: client secret]",
  "psk=abc": "psk=[removed: password]",
  "wifiPsk: hush": "wifiPsk: [removed: password]",
  '{"wepKey":"abc","ssid":"x"}': '{"wepKey":"[removed: key]","ssid":"x"}',
  '{"preSharedKey":"abc"}': '{"preSharedKey":"[removed: key]"}',
  "networkKey=abc&productKey=def": "networkKey=[removed: key]&productKey=[removed: key]",
  "<keyMaterial>abc</keyMaterial>": "<keyMaterial>[removed: key]</keyMaterial>",
  "passcode=1234 pin=1234": "passcode=[removed: password] pin=[removed: password]",
  '{"encryptedPfxBlob":"abc"}': '{"encryptedPfxBlob":"[removed: certificate]"}',
  '{"advancedThreatProtectionOnboardingBlob":"abc"}':
    '{"advancedThreatProtectionOnboardingBlob":"[removed: onboarding blob]"}',
  '{"passwordFormatString":"abc"}': '{"passwordFormatString":"[removed: password]"}',
  '{"configurationXml":"PHg+"}': '{"configurationXml":"[removed: configuration]"}',
  '{"qrCodeContent":"abc"}': '{"qrCodeContent":"[removed: enrollment code]"}',
  '{"license":"abc","passwords":"x","secret_value":"y"}':
    '{"license":"[removed: license]","passwords":"[removed: password]","secret_value":"[removed: secret]"}',
  "used OEz~2.8o7_ZT3K-5Yabcdefghijklmnopq twice": "used [removed: client secret] twice"
}

/** A million characters each, that make careless patterns search again and again. */
const hostile = [
  "a.",
  "eyJ",
  "eyJhbGciOiJ",
  "-----BEGIN PRIVATE KEY-----",
  "Bearer ",
  "://a:",
  "://a:@",
  "%25",
  "?",
  "\\"
]
  .concat([
    'password="',
    "password=",
    "[removed: ",
    "manage.microsoft.",
    "abc8Q~",
    "token%253D%22",
    "cookie:",
    "~a",
    " "
  ])
  .flatMap((unit) => ["", 'password="', "://a:"].map((head) => (head + unit.repeat(500_000)).slice(0, 1_000_000)))

describe("sanitise", () => {
  it.each(Object.keys(kinds))("has something to remove in every %s", (kind) => {
    const bits = Array.from({ length: 44 }, (_, index) => (index * 29) % 64)
    const { text, secret } = kinds[kind]!(bits, "")
    assert.isDefined(survivor(text, secret, []))
    assert.isUndefined(survivor(Redaction.redact(text), secret, []), Redaction.redact(text))
    assert.match(Redaction.redact(text), /\[removed: [\w ]+\]/)
  })

  it.prop(
    "lets no secret through, wherever it stands, however it was escaped, and wherever the text was cut off",
    {
      kind: Schema.Literals(Object.keys(kinds)),
      bits: Bits,
      odd: Schema.String,
      before: Noise,
      after: Noise,
      path: Path,
      cut: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000 }))
    },
    ({ kind, bits, odd, before, after, path, cut }) => {
      const { text, secret } = kinds[kind]!(bits, odd.toWellFormed())
      const whole = wrapped(joined(before) + text + joined(after), path)
      for (const leaked of [whole, whole.slice(0, cut % (whole.length + 1))]) {
        const clean = Redaction.redact(leaked)
        assert.isUndefined(survivor(clean, secret, path), `${leaked}\n→ ${clean}`)
      }
    },
    { arbitrary: { runs: 3_000 }, timeout: 60_000 }
  )

  it.each(Object.entries(secrets))("takes out of %s exactly the secret", (text, clean) => {
    assert.strictEqual(Redaction.redact(text), clean)
  })

  it.each(ordinary)("leaves %s as it is", (text) => {
    assert.strictEqual(Redaction.redact(text), text)
  })

  it.prop(
    "leaves sentences, ids, times and names as they are",
    {
      parts: Schema.Array(
        Schema.Union([
          Schema.Literals([
            "The",
            "token",
            "of",
            "group",
            "Bearer tokens",
            "was",
            "refused.",
            "Password",
            "reset",
            "key 7,",
            "at"
          ]),
          Schema.String.check(Schema.isUUID()),
          Schema.String.check(Schema.isPattern(/^20\d\d-0[1-9]-1\dT0\d:[0-5]\d:00Z$/)),
          Schema.String.check(Schema.isPattern(/^[A-Z][a-z]{1,12}[- _.]?[A-Z0-9][a-z0-9]{0,12}$/)),
          Schema.Int.pipe(Schema.toEncoded)
        ])
      )
    },
    ({ parts }) => {
      const text = parts.join(" ")
      assert.strictEqual(Redaction.redact(text), text)
    }
  )

  it.prop("changes nothing more the second time", { before: Noise, bits: Bits, after: Noise, path: Path }, (sample) => {
    for (const kind of Object.values(kinds)) {
      const { text } = kind(sample.bits, joined(sample.after))
      const clean = Redaction.redact(wrapped(joined(sample.before) + text + joined(sample.after), sample.path))
      assert.strictEqual(Redaction.redact(clean), clean)
    }
  })

  it("takes no longer over a hostile text than over a long one", () => {
    Redaction.redact("password=".repeat(10_000))
    const millis = (text: string) => {
      const began = process.cpuUsage()
      assert.isBelow(Redaction.redact(text).length, text.length)
      return process.cpuUsage(began).user / 1_000
    }
    // Processor time, and the better of two: other tests run beside this one.
    for (const text of hostile) assert.isBelow(Math.min(millis(text), millis(text)), 200, text.slice(0, 30))
  })
})

it.effect("lets nothing secret into a log: not in messages, causes, annotations or objects", () =>
  Effect.gen(function* () {
    yield* Effect.logWarning("Bearer abc1234567890", { clientSecret: "hunter2", tries: 2 }).pipe(
      Effect.annotateLogs({ url: "postgres://ada:hunter2@db/x", nested: { password: "hunter2" } })
    )
    yield* Effect.logError("failed", Cause.die(new Error("x", { cause: new Error('{"refresh_token":"hunter2"}') })))
    const lines = (yield* TestConsole.logLines).join("\n")
    assert.include(lines, "[removed: bearer token]")
    assert.include(lines, "tries")
    assert.include(lines, "failed")
    for (const secret of ["hunter2", "abc1234567890"]) assert.notInclude(lines, secret)
    assert.notInclude(Redaction.redactCause(Cause.fail(new Error("pwd=hunter2"))), "hunter2")
  }).pipe(Effect.provide(Layer.merge(Redaction.redactingLogger(), TestConsole.layer)))
)
