import type { Actor } from "../run/Actor.ts"

/** A person of the host as the ledger's actor. Without a name, the id is shown. */
export const toActor = ({ id, name }: { readonly id: string; readonly name?: string | undefined }): Actor => ({
  id,
  kind: "user",
  name: name ?? id
})
