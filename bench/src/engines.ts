import { AtlasEngine } from "./AtlasEngine.ts"
import type { Engine } from "./Engine.ts"
import { GraphileWorkerEngine } from "./GraphileWorkerEngine.ts"
import { PgBossEngine } from "./PgBossEngine.ts"

/** Atlas first, then its peers. */
export const engines: ReadonlyArray<Engine> = [AtlasEngine, GraphileWorkerEngine, PgBossEngine]
