/**
 * What Graph has and Microsoft's npm packages do not have yet, by the larger description that `ATLAS_GRAPH_METADATA` names. Who
 * has no copy of that gets complete types, too. `graphTypes` adds it, and says which row a newer package makes superfluous.
 *
 * @module
 */

/** Members of one type that the package lacks, with their declared types, and the base that it does not know. */
export interface LaterType {
  readonly base?: string
  readonly members: Readonly<Record<string, string>>
}

const delivery: LaterType = { members: { appleDeviceAppDeliveryProtocolType: "string" } }
const lockdown: LaterType = { members: { lockdownExclusionList: "string[]" } }
const deletable: LaterType = { base: "PolicyDeletableItem", members: { id: "string" } }

/** The rows, by the names that the packages write. */
export const laterTypes: Readonly<Record<"v1.0" | "beta", Readonly<Record<string, LaterType>>>> = {
  "v1.0": {
    PolicyDeletableItem: { members: { deletedDateTime: "string" } },
    ConditionalAccessPolicy: deletable,
    NamedLocation: deletable
  },
  beta: {
    AndroidDeviceOwnerGeneralDeviceConfiguration: { members: { isKioskModeExitCodeSet: "boolean" } },
    AndroidDeviceOwnerVpnConfiguration: lockdown,
    AndroidWorkProfileVpnConfiguration: lockdown,
    AppleVpnConfiguration: { members: { excludeLocalNetworks: "boolean", includeAllNetworks: "boolean" } },
    DeviceComplianceScript: { members: { platform: "string" } },
    IosLobApp: delivery,
    IosStoreApp: delivery,
    IosVppApp: delivery,
    MacOSCompliancePolicy: { members: { deviceCompliancePolicyScript: "DeviceCompliancePolicyScript" } },
    MacOSWiFiConfiguration: { members: { wifiRequirePhysicalMacAddressEnabled: "boolean" } },
    MacOsVppApp: delivery,
    ManagedAppProtection: { members: { purviewContentEvaluationRequired: "string" } }
  }
}
