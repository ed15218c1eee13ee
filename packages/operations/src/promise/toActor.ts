import type { Actor } from "../run/Actor.ts"

/** Somebody of the host's, as the ledger keeps who acted: by the id where there is no name. */
export const toActor = ({ id, name }: { readonly id: string; readonly name?: string | undefined }): Actor => ({
  id,
  kind: "user",
  name: name ?? id
})
