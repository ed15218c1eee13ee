/**
 * How Atlas reaches a tenant's directory: through which app registration, in which Entra tenant, in which cloud. This is the
 * record that `ConnectionAdministration` returns and pages show. It never holds the credential.
 *
 * @module
 */
import { Schema } from "effect"
import { Statement } from "effect/sql"
import { CredentialKind } from "../credentials/Credential.ts"

/** One connection of a tenant, without its credential. */
export class ProviderConnection extends Schema.Class<ProviderConnection>("@atlas/graph/ProviderConnection")({
  id: Schema.String,
  workspaceId: Schema.String,
  tenantId: Schema.String,
  /** Unique within the tenant, whatever the case of its letters. */
  displayName: Schema.String,
  /** The name of a cloud in `GraphClouds`. */
  cloud: Schema.String,
  /** The Entra tenant's id, or one of its domain names. */
  entraTenantId: Schema.String,
  clientId: Schema.String,
  /** Null while no credential is stored. */
  credentialKind: Schema.NullOr(CredentialKind),
  /** When the certificate expires, or the client secret if its end was given. */
  credentialExpiresAt: Schema.NullOr(Schema.DateTimeUtcFromDate),
  /** SHA-256 of the certificate, in upper-case hex. */
  certificateThumbprint: Schema.NullOr(Schema.String),
  enabled: Schema.Boolean,
  isDefault: Schema.Boolean,
  createdAt: Schema.DateTimeUtcFromDate,
  /** Grows with every change of the connection or its credential. */
  updatedAt: Schema.DateTimeUtcFromDate
}) {}

/** The columns of a connection, without its credential. The aliases hold whether or not a host transforms names. */
export const columns = Statement.fragment([
  Statement.literal(`
  id, workspace_id AS "workspaceId", tenant_id AS "tenantId", display_name AS "displayName", cloud,
  entra_tenant_id AS "entraTenantId", client_id AS "clientId", credential_kind AS "credentialKind",
  credential_expires_at AS "credentialExpiresAt", certificate_thumbprint AS "certificateThumbprint", enabled,
  is_default AS "isDefault", created_at AS "createdAt", updated_at AS "updatedAt"
`)
])
