import { assert, describe, it } from "@effect/vitest"
import { canBeSecret, isSecretName } from "../../../src/policies/content/SecretNames.ts"

const secret = [
  "preSharedKey",
  "sharedSecret",
  "productKey",
  "license",
  "licenseKey",
  "adminAccountPassword",
  "wifiPassword",
  "passwordFormatString",
  "configurationXml",
  "azureOperationalInsightsWorkspaceKey",
  "advancedThreatProtectionOnboardingBlob",
  "advancedThreatProtectionOffboardingBlob",
  "tokenValue",
  "client_secret",
  "REGTOKEN",
  "Pwd",
  "devicePin",
  "proxy-passphrase",
  "passwords",
  "encryptedPfxBlob",
  "ConnectionString",
  "apiKey",
  "private_key",
  "keyMaterial",
  "Proxy password:",
  "./Vendor/MSFT/WiFi/Profile/Office/PreSharedKey",
  "device_vendor_msft_accounts_users_{username}_password",
  "com.apple.extensiblesso_registrationtoken"
]

const open = [
  "passwordRequired",
  "passwordMinimumLength",
  "passwordExpirationDays",
  "passwordRequiredType",
  "passwordChangeUrl",
  "safariPasswordAutoFillDomains",
  "bitLockerRecoveryPasswordRotation",
  "firewallPreSharedKeyEncodingMethod",
  "preSharedKeyIsSet",
  "secretReferenceValueId",
  "tokenName",
  "tokenExpirationDateTime",
  "vppTokenId",
  "licenseType",
  "certificateStore",
  "keyUsage",
  "key",
  "keyPath",
  "pinMinimumLength",
  "pinCharacterSet",
  "spin",
  "mapping",
  "trustedRootCertificate",
  "device_vendor_msft_policy_config_devicelock_devicepasswordenabled"
]

describe("the name of a secret", () => {
  it.each(secret)("is %s", (name) => assert.isTrue(isSecretName(name)))
  it.each(open)("is not %s", (name) => assert.isFalse(isSecretName(name)))

  it("is followed by what can be one", () => {
    for (const value of ["hush", "1234", "p@ss word", "$ecret!x"]) assert.isTrue(canBeSecret(value), value)
    const none = [
      "",
      "  ",
      "****",
      "true",
      "notConfigured",
      "{{userprincipalname}}",
      "%Password%",
      "$password",
      "${env:X}"
    ]
    for (const value of none) assert.isFalse(canBeSecret(value), value)
  })
})
