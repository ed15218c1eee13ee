import { Directory } from "@atlas/directory"
import { ConnectionCheck } from "@atlas/graph"
import { Intune } from "@atlas/intune"
import type { Operation } from "@atlas/operations"

/** Every operation of this server. */
export const registeredOperations: ReadonlyArray<Operation.Any> = [
  ...Directory.operations,
  ...Intune.operations,
  ConnectionCheck.operation
]
