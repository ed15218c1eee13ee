import { Directory } from "@atlas/directory"
import { ConnectionCheck } from "@atlas/graph"
import { Intune } from "@atlas/intune"
import type { AnyOperationType } from "@atlas/operations"

/** Every operation type that this server knows. */
export const operationTypes: ReadonlyArray<AnyOperationType> = [
  ...Directory.types,
  ...Intune.types,
  ConnectionCheck.type
]
