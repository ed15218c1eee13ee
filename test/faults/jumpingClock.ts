// Loaded before a worker: its wall clock jumps by hours, back and forth, at nearly every glance.
const offsets = [0, 5, -7, 26].map((hours) => hours * 3_600_000)
const trueNow = Date.now
let glances = 0

Date.now = () => trueNow() + (offsets[glances++ % offsets.length] ?? 0)

globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget) as Date
})
