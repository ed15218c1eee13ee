import { Schema } from "effect"
import { Statement } from "effect/sql"
import { CredentialKind } from "./Credential.ts"

/** How a tenant's directory is reached: which app registration, in which Entra tenant, in which cloud. Never its credential. */
export class ProviderConnection extends Schema.Class<ProviderConnection>("@atlas/graph/ProviderConnection")({
  id: Schema.String,
  workspaceId: Schema.String,
  tenantId: Schema.String,
  /** Told apart within a tenant, whatever the case of its letters. */
  displayName: Schema.String,
  /** A cloud's name from `GraphClouds`. */
  cloud: Schema.String,
  /** The Entra tenant's id, or one of its domain names. */
  entraTenantId: Schema.String,
  clientId: Schema.String,
  /** Null while none is stored. */
  credentialKind: Schema.NullOr(CredentialKind),
  /** When a certificate ends, or a client secret, where that was told. */
  credentialExpiresAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** SHA-256 of the certificate, in upper-case hex. */
  certificateThumbprint: Schema.NullOr(Schema.String),
  enabled: Schema.Boolean,
  isDefault: Schema.Boolean,
  createdAt: Schema.DateTimeUtcFromDate,
  /** Grows with every change of the connection or its credential. */
  updatedAt: Schema.DateTimeUtcFromDate
}) {}

/** The columns of a connection, without its credential. Aliases, so that hosts may transform names or not. */
export const columns = Statement.fragment([
  Statement.literal(`
  id, workspace_id AS "workspaceId", tenant_id AS "tenantId", display_name AS "displayName", cloud,
  entra_tenant_id AS "entraTenantId", client_id AS "clientId", credential_kind AS "credentialKind",
  credential_expires_at AS "credentialExpiresAt", certificate_thumbprint AS "certificateThumbprint", enabled,
  is_default AS "isDefault", created_at AS "createdAt", updated_at AS "updatedAt"
`)
])
