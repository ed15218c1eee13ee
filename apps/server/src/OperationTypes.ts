import { Directory } from "@atlas/directory"
import { ConnectionCheck } from "@atlas/graph"
import type { AnyOperationType } from "@atlas/operations"

/** Every operation type that this server knows. */
export const operationTypes: ReadonlyArray<AnyOperationType> = [...Directory.types, ConnectionCheck.type]
