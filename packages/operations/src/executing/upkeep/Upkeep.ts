/**
 * What each worker does beside executing runs, each in a loop of its own: it announces itself and ends abandoned runs, counts
 * ended runs, measures active ones, and removes runs beyond their retention. Any number of workers may do so at once. A loop
 * that fails logs what it could not do, and goes on.
 *
 * @module
 */

import { Layer } from "effect"
import * as Counter from "./Counter.ts"
import * as Gauge from "./Gauge.ts"
import * as Retainer from "./Retainer.ts"
import * as Sweeper from "./Sweeper.ts"

/** All loops, until the scope closes. */
export const layer = Layer.mergeAll(Sweeper.layer, Counter.layer, Gauge.layer, Retainer.layer)
