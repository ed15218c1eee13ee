const labels: Readonly<Record<string, string>> = {
  android: "Android",
  ios: "iOS and iPadOS",
  linux: "Linux",
  macos: "macOS",
  windows: "Windows"
}

/** A platform as people write it. */
export const platformLabel = (platform: string): string => labels[platform] ?? platform
