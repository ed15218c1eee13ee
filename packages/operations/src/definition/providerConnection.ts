/**
 * The name of the gate for operations whose handlers use Graph: the tenant has a usable provider connection. Whoever brings the
 * adapter of `Graph` brings the gate.
 */
export const providerConnection = "provider_connection"
