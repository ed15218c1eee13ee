/**
 * The name of the gate of types whose handlers use Graph: the tenant has a usable provider connection. Whoever brings the
 * adapter behind the port brings the gate.
 */
export const providerConnection = "provider_connection"
