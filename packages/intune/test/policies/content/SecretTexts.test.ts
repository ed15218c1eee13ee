import { assert, describe, it } from "@effect/vitest"
import { policyContent } from "../../../src/policies/PolicyContent.ts"
import { ordinaryScripts } from "./OrdinaryScripts.ts"
import { scriptSecrets } from "./ScriptSecrets.ts"

const salt = new Uint8Array(32).fill(7)
const base64 = (text: string) => Buffer.from(text).toString("base64")

/** Whether a policy that holds this text has it sealed. */
const isSealed = (payload: string) => policyContent({ payload }, [], salt).secrets.size === 1

const secrets: Readonly<Record<string, string>> = {
  "a property list with a password": "<dict><key>Password</key><string>hush</string></dict>",
  "a property list with a certificate and its key":
    "<dict><key>PayloadContent</key>\n<data>\nMIIKaAIBAzCC</data><key>PayloadType</key><string>pkcs12</string></dict>",
  "a Wi-Fi profile": "<sharedKey><keyType>passPhrase</keyType><keyMaterial>hush hush</keyMaterial></sharedKey>",
  "an EAP profile": '<EapHostConfig xmlns="x"><eap:Password xmlns:eap="y">hush</eap:Password></EapHostConfig>',
  "an administrative template": '<enabled/>\n<data id="Proxy_Password" value="hush"/>',
  JSON: '{"server":"vpn","auth":{"password":"it\'s <hush>"}}',
  "JSON with a list of secrets": '{"passwords":["hush"]}',
  "pairs of key and value in JSON": '{"managedProperty":[{"key":"api_key","valueString":"hush"}]}',
  "a PowerShell script": '$Password = "Summer2026"\nWrite-Output done',
  "a shell script": "#!/bin/sh\nAPI_KEY=0123abcd\ncurl https://example.com",
  "an argument": "setup.exe /quiet --token abcdef0123",
  "an argument in quotes": "Connect-Service -User x -Password 'hush hush'",
  "a secure string": 'ConvertTo-SecureString "hush" -AsPlainText -Force',
  "a command line of co-management": 'CCMSETUPCMD="/mp:https://cmg SMSSITECODE=P01 REGTOKEN=eyJhbGciOi"',
  "a connection string": "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=0123+/ab==;",
  "a private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
  "a key without a kind": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
  "a signed address": "https://x.blob.core.windows.net/c/a.ps1?sv=2026&sig=0123456789abcdef%3D",
  "a password in an address": "git clone https://ada:hush@example.com/x.git",
  "a token": "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abcdef",
  "a secret of an app": 'New-App "abc8Q~0123456789abcdefghijABCDEFGHIJ"',
  ...scriptSecrets
}

const open: Readonly<Record<string, string>> = {
  "a property list": "<dict><key>PasswordRequired</key><true/><key>Password</key><string></string></dict>",
  "a property list of payloads":
    "<key>PayloadContent</key><array><dict><key>minLength</key><integer>8</integer></dict></array>",
  "a Wi-Fi profile without a key": "<authEncryption><authentication>WPA2</authentication></authEncryption>",
  JSON: '{"passwordMinimumLength":8,"password":"{{password}}","token":null}',
  "a script that asks": "$password = Read-Host -AsSecureString\n$cred = Get-Credential\nSet-It -Password $password",
  "a script": 'Write-Output "Hello"; Get-ItemProperty -Path "HKLM:\\SOFTWARE\\Policies" -Name "PasswordExpiryWarning"',
  "a rule": '(device.manufacturer -eq "Contoso") and (device.osVersion -startsWith "10.0")',
  prose: "Passwords have to be long: at least 14 characters. The token is renewed each night.",
  "a public certificate": "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
  "an address": "https://example.com:8443/path?signature=none",
  binary: Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37) % 256)).toString("latin1"),
  ...ordinaryScripts
}

describe("a text", () => {
  it.each(Object.keys(secrets))("that is %s is sealed as a whole, also in base64 and in UTF-16", (kind) => {
    const text = secrets[kind] ?? ""
    assert.isTrue(isSealed(text))
    assert.isTrue(isSealed(base64(text)))
    assert.isTrue(isSealed(Buffer.from(`\uFEFF${text}`, "utf16le").toString("base64")))
  })

  it.each(Object.keys(open))("that is %s without a secret stays readable", (kind) => {
    const text = open[kind] ?? ""
    assert.isFalse(isSealed(text))
    assert.isFalse(isSealed(base64(text)))
  })

  // Were the time quadratic in the length, this would take minutes.
  it("is looked through in time that grows with its length", { timeout: 60_000 }, () => {
    for (const unit of [
      "a",
      "password",
      "<key>",
      ".eyJ",
      "token ",
      "-p ",
      "://",
      "<a ",
      "[",
      "$pw = ",
      "-----BEGIN ",
      "curl ",
      "curl -s \\\n",
      "net user ",
      "net use ",
      'net user "',
      "ConvertTo-SecureString ",
      "ConvertTo-SecureString -AsPlainText -Force\n",
      "' ",
      '"',
      "Authorization: ",
      "Authorization: Basic ",
      "Bearer ",
      "Bearer a",
      "password:",
      "password: a",
      "password is ",
      "password = a ",
      "password =",
      "password: str\n",
      "psexec ",
      "security import ",
      "echo a ",
      "/key a",
      "ABCDE-",
      "secret_access_key",
      "\n",
      " ",
      "A1-"
    ]) {
      assert.isFalse(isSealed(unit.repeat(200_000 / unit.length)), unit)
      assert.isFalse(isSealed(base64(unit.repeat(150_000 / unit.length))), unit)
    }
  })

  it("that titles a policy is never sealed", () => {
    const text = 'Wi-Fi, password = "hush"'
    assert.strictEqual(policyContent({ displayName: text, name: text }, [], salt).secrets.size, 0)
  })
})
