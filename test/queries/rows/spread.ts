/** How many tenants the rows are spread over. Those of the workspace `northwind` are `t0`, `t100`, …, `t400`. */
export const tenants = 500

/** How many runs there are; other rows belong to the instants at which these were started. */
export const runs = 60_000

/** When the row `n` of a series was made: a minute after the one before. */
export const at = `now() - (${runs} - n) * interval '1 minute'`

/** An id of version 7 that was made then; of each kind another one. */
export const idOf = (kind: string) =>
  `overlay(overlay(lpad(to_hex((extract(epoch FROM ${at}) * 1000)::bigint), 12, '0') || substr(md5('${kind} ' || n), 1, 20)
    placing '7' from 13) placing '8' from 17)::uuid`

/** A workspace and a tenant of it. A workspace has one in a hundred of the rows, a tenant one in five hundred. */
export const scope = `CASE WHEN n % 100 = 0 THEN 'northwind' ELSE 'workspace-' || n % 100 END, 't' || n % ${tenants}`

/** The same for what tenants have much of: twenty of one workspace have all. */
export const largeScope = `'northwind', 't' || n % 20 * 25`

/** Five times as many tenants of that workspace. */
export const mediumScope = `'northwind', 't' || n % 100 * 5`

/** SHA-256 of a text. */
export const hash = (text: string) => `sha256(convert_to(${text}, 'UTF8'))`

/** One of three hundred people. */
export const actor = `jsonb_build_object('id', 'user-' || n % 300, 'kind', 'user', 'name', 'User')`

/** One of some texts, by a number. */
export const oneOf = (number: string, texts: ReadonlyArray<string>) =>
  `(ARRAY[${texts.map((text) => `'${text}'`).join(", ")}])[1 + (${number}) % ${texts.length}]`
