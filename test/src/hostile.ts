/**
 * Calls of public functions as nobody should make them: each argument, and each member of each argument, in turn replaced by what a
 * careless or hostile JavaScript caller might send. Tests ask that each is answered or refused with a type, and none is a fault.
 */

const nested = (levels: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

const circular = () => {
  const value: Record<string, unknown> = {}
  value["self"] = value
  return value
}

const throwing = {
  get input(): never {
    throw new Error("read me not")
  },
  get id(): never {
    throw new Error("read me not")
  }
}

const untouchable: object = new Proxy(
  {},
  {
    get: () => {
      throw new Error("touch me not")
    },
    ownKeys: () => {
      throw new Error("touch me not")
    },
    getPrototypeOf: () => {
      throw new Error("touch me not")
    }
  }
)

/** Values by what is hostile about them. */
export const hostileValues: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  zero: 0,
  "a negative number": -1,
  "a fraction": 1.5,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "more than 32 bits": 2 ** 31,
  "more than 53 bits": 2 ** 60,
  "a bigint": 2n ** 70n,
  "an empty text": "",
  "a NUL": "\0",
  "a lone surrogate": "\ud800",
  "a long text": "x".repeat(2_000_000),
  "a quote": "'",
  "a condition": "queued' OR '1'='1",
  "a statement": "x'; SELECT pg_sleep(30); DROP TABLE operation_runs; --",
  "a placeholder": "$1",
  "a member of every object": "__proto__",
  "a name of Object's": "constructor",
  "an empty list": [],
  "a list": ["queued", 1, null],
  "a long list": Array.from({ length: 150_000 }, (_, index) => index),
  "an empty object": {},
  "an object that has a bad toString": { toString: 1 },
  "members nobody knows": JSON.parse('{"__proto__":{"id":"x"},"unknown":1}'),
  "something circular": circular(),
  "a deep value": nested(20_000),
  "a function": () => "x",
  "a symbol": Symbol("x"),
  "a date": new Date(Number.NaN),
  "a getter that throws": throwing,
  "a proxy that throws": untouchable
}

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Every value that can be made of one by replacing it, or one of its members, by something hostile. */
function* replaced(value: unknown, where: string): Generator<readonly [where: string, value: unknown]> {
  for (const [name, hostile] of Object.entries(hostileValues)) yield [`${where}: ${name}`, hostile]
  if (!isPlainObject(value)) return
  for (const [member, inner] of Object.entries(value)) {
    for (const [place, changed] of replaced(inner, `${where}.${member}`)) yield [place, { ...value, [member]: changed }]
  }
  yield [`${where}: an unknown member`, { ...value, surplus: 1 }]
}

/**
 * The hostile calls that can be made of one call.
 *
 * @param call the arguments of a call that is answered, with every optional member given
 * @returns what is hostile, and the arguments
 */
export function* hostileCalls(
  call: ReadonlyArray<unknown>
): Generator<{ readonly what: string; readonly args: ReadonlyArray<unknown> }> {
  for (const [index, argument] of call.entries()) {
    for (const [what, changed] of replaced(argument, `argument ${index + 1}`)) {
      yield { what, args: call.map((given, place) => (place === index ? changed : given)) }
    }
  }
}
