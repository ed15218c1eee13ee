/**
 * Policies of every kind with a made-up secret in each place where one can be. Each secret is a marker that is nowhere else, so
 * that a test can look for it wherever something is stored or shown.
 *
 * @module
 */

type Policies = Readonly<Record<string, ReadonlyArray<object>>>

/** Policies by the path of their collection, and what must not be readable: by the place of the secret. */
export interface Corpus {
  readonly policies: Policies
  readonly secrets: ReadonlyMap<string, ReadonlyArray<string>>
}

/** Kinds whose policies have no place for a secret: addresses, countries, and ids. */
export const withoutPlaces: ReadonlyArray<string> = ["named_locations", "conditional_access"]

const typed = (name: string, more: object = {}) => ({ "@odata.type": `#microsoft.graph.${name}`, ...more })

/** Plants secrets and remembers them. */
const makePlanter = (series: string) => {
  const secrets = new Map<string, ReadonlyArray<string>>()
  const marker = (place: string) => {
    const text = `Hush${series}${secrets.size}x`
    secrets.set(place, [text])
    return text
  }
  /** A text in base64 with a secret in it: neither the text nor the secret may be readable. */
  const inBase64 = (place: string, text: (secret: string) => string) => {
    const secret = marker(place)
    const encoded = Buffer.from(text(secret)).toString("base64")
    secrets.set(place, [secret, encoded])
    return encoded
  }
  return { secrets, marker, inBase64 }
}

type Planter = ReturnType<typeof makePlanter>

const described = ({ marker }: Planter, kind: string) => `Made by hand, password = "${marker(`${kind}: description`)}"`

const deviceConfigurations = (planter: Planter): ReadonlyArray<object> => {
  const { inBase64, marker } = planter
  const of = (type: string, more: object) => typed(type, { id: type, displayName: `A ${type}`, ...more })
  const value = (place: string) => ({ value: marker(place) })
  return [
    of("windowsWifiConfiguration", { preSharedKey: marker("Wi-Fi: preSharedKey") }),
    of("iosikEv2VpnConfiguration", { sharedSecret: marker("VPN: sharedSecret") }),
    of("editionUpgradeConfiguration", {
      license: marker("edition upgrade: license"),
      productKey: marker("edition upgrade: productKey")
    }),
    of("windowsDefenderAdvancedThreatProtectionConfiguration", {
      advancedThreatProtectionOnboardingBlob: marker("Defender: onboarding"),
      advancedThreatProtectionOffboardingBlob: marker("Defender: offboarding")
    }),
    of("windows10TeamGeneralConfiguration", {
      azureOperationalInsightsWorkspaceKey: marker("Surface Hub: workspace key")
    }),
    of("androidEnterpriseWiFiConfiguration", { passwordFormatString: marker("Android Wi-Fi: passwordFormatString") }),
    of("androidOmaCpConfiguration", {
      configurationXml: inBase64("OMA-CP: XML", (secret) => `<wap-provisioningdoc>${secret}</wap-provisioningdoc>`)
    }),
    of("windows10CustomConfiguration", {
      omaSettings: [
        typed("omaSettingString", { omaUri: "./a", isEncrypted: true, ...value("OMA-URI: encrypted") }),
        typed("omaSettingString", { omaUri: "./a/AdminPassword", ...value("OMA-URI: address") }),
        typed("omaSettingString", { displayName: "Wi-Fi passphrase", omaUri: "./a", ...value("OMA-URI: name") }),
        typed("omaSettingStringXml", {
          omaUri: "./a",
          value: inBase64("OMA-URI: XML", (secret) => `<sharedKey><keyMaterial>${secret}</keyMaterial></sharedKey>`)
        }),
        typed("omaSettingString", {
          omaUri: "./a",
          value: `<data id="ProxyPassword" value="${marker("OMA-URI: ADMX")}"/>`
        })
      ]
    }),
    of("iosCustomConfiguration", {
      payload: inBase64("Apple profile: password", (secret) => `<key>Password</key>\n<string>${secret}</string>`)
    }),
    of("macOSCustomConfiguration", {
      payload: inBase64("Apple profile: certificate", (secret) => `<key>PayloadContent</key><data>${secret}</data>`)
    }),
    of("windowsWifiEnterpriseEAPConfiguration", {
      eapXml: inBase64("EAP: password", (secret) => `<Password>${secret}</Password>`)
    }),
    of("androidManagedAppConfiguration", {
      settings: [{ appConfigKey: "apiKey", appConfigKeyType: "stringType", appConfigKeyValue: marker("app: key") }],
      customSettings: [{ name: "client_secret", value: marker("app: custom setting") }],
      encodedSettingXml: inBase64("app: XML", (secret) => `<dict><key>token</key><string>${secret}</string></dict>`),
      payloadJson: inBase64("app: JSON", (secret) => JSON.stringify([{ key: "psk", valueString: secret }]))
    }),
    of("configurationOfTheFuture", {
      adminAccountPassword: { value: marker("object: value") },
      recoveryPasswords: [marker("list: first"), marker("list: second")],
      certificates: [{ pfxBlob: marker("certificate: pfx"), connectionString: marker("certificate: connection") }],
      tokenValue: marker("enrollment: token"),
      qrCodeContent: marker("enrollment: QR code"),
      qrCodeImage: { type: "image/png", value: marker("enrollment: image") },
      wifiPassword: marker("enrollment: Wi-Fi")
    })
  ]
}

const settingsCatalog = ({ marker }: Planter): ReadonlyArray<object> => {
  const type = (name: string) => `deviceManagementConfiguration${name}`
  const text = (value: string) => typed(type("StringSettingValue"), { value })
  const instance = (settingDefinitionId: string, more: object) => ({
    settingInstance: typed(type("SimpleSettingInstance"), { settingDefinitionId, ...more })
  })
  const secret = typed(type("SecretSettingValue"), { valueState: "notEncrypted", value: marker("catalog: secret") })
  const settings = [
    instance("vendor_one", { simpleSettingValue: secret }),
    instance("vendor_proxy_password", { simpleSettingValue: text(marker("catalog: definition")) }),
    instance("vendor_tokens", { simpleSettingCollectionValue: [text(marker("catalog: collection"))] }),
    instance("vendor_json", { simpleSettingValue: text(JSON.stringify({ apiKey: marker("catalog: JSON") })) })
  ].map((each, index) => ({ id: String(index), ...each }))
  return [{ id: "catalog", name: "A catalog", settingCount: settings.length, settings }]
}

const enrollment = (planter: Planter): ReadonlyArray<object> => {
  const configuration = (type: string, more: object = {}) =>
    typed(type, {
      id: `${type}_Custom`,
      displayName: `A ${type}`,
      description: described(planter, type),
      priority: 1,
      ...more
    })
  return [
    configuration("deviceEnrollmentLimitConfiguration"),
    configuration("deviceEnrollmentPlatformRestrictionConfiguration"),
    configuration("deviceEnrollmentWindowsHelloForBusinessConfiguration"),
    configuration("windows10EnrollmentCompletionPageConfiguration"),
    configuration("windowsRestoreDeviceEnrollmentConfiguration"),
    configuration("deviceEnrollmentNotificationConfiguration"),
    configuration("deviceComanagementAuthorityConfiguration", {
      configurationManagerAgentCommandLineArgument: `CCMSETUPCMD="/mp:https://x REGTOKEN=${planter.marker("co-management")}"`
    })
  ]
}

/**
 * The corpus.
 *
 * @param series letters that its markers have, so that two of them differ in every secret and in nothing else
 */
export const makeCorpus = (series: string): Corpus => {
  const planter = makePlanter(series)
  const { inBase64, secrets } = planter
  const one = (id: string, more: object = {}) => [
    { id, displayName: `A ${id}`, description: described(planter, id), ...more }
  ]
  const script = (secret: string) => `$Password = "${secret}"\nWrite-Output "done"`
  const rules = (secret: string) => JSON.stringify({ Rules: [{ apiKey: secret }] })
  const key = { name: "client_secret", value: planter.marker("managed app: custom setting") }
  const policies: Policies = {
    "deviceManagement/deviceConfigurations": deviceConfigurations(planter),
    "deviceManagement/configurationPolicies": settingsCatalog(planter),
    "deviceManagement/deviceCompliancePolicies": one(
      "compliance",
      typed("windows10CompliancePolicy", {
        deviceCompliancePolicyScript: { rulesContent: inBase64("compliance: rules", rules) }
      })
    ),
    "deviceManagement/deviceEnrollmentConfigurations": enrollment(planter),
    "deviceManagement/deviceManagementScripts": one("script", { scriptContent: inBase64("script", script) }),
    "deviceManagement/assignmentFilters": one("filter"),
    "deviceManagement/roleScopeTags": one("tag"),
    "deviceAppManagement/managedAppPolicies": [
      ...one("protection", typed("iosManagedAppProtection")),
      ...one("app", typed("targetedManagedAppConfiguration", { customSettings: [key] }))
    ]
  }
  return { policies, secrets }
}
