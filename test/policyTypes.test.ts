/** The types that kinds of policies claim, held against Microsoft's own. */
import { policyTypes } from "@atlas/intune"
import { describe, expect, it } from "vitest"
import { subtypesOf } from "./src/MicrosoftGraphTypes.ts"

const graphName = (name: string) => `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`

// The published types do not say which are abstract: by their names, and these.
const isAbstract = (name: string) =>
  name.endsWith("Base") ||
  [
    "AppleVpnConfiguration",
    "VpnConfiguration",
    "WindowsVpnConfiguration",
    "IosCertificateProfile",
    "ManagedAppConfiguration",
    "ManagedAppProtection",
    "TargetedManagedAppProtection",
    "WindowsInformationProtection"
  ].includes(name)

const claimed = (source: string) =>
  policyTypes.flatMap((type) => (type.source.name === source ? (type.claims ?? []) : [])).toSorted()

describe("the kinds of policies claim each concrete type that a collection can hold, and no other", () => {
  it.each([
    ["device_configurations", "DeviceConfiguration"],
    ["compliance_policies", "DeviceCompliancePolicy"],
    ["enrollment_configurations", "DeviceEnrollmentConfiguration"],
    ["app_protection_policies", "ManagedAppPolicy"]
  ])("%s", (source, base) => {
    const concrete = subtypesOf("beta", base).filter((name) => !isAbstract(name))
    expect(claimed(source)).toEqual(concrete.map(graphName).toSorted())
  })
})
