import { Folding } from "@atlas/operations"

/** The parts of a name before, within and after what the query finds in it, in the letters that people see. */
const split = (name: string, query: string): readonly [string, string, string] => {
  const wanted = Folding.fold(query).trim()
  const letters = [...name]
  // Which letter of the name each letter of the folded name comes from: one may Folding.fold to none or to several.
  const origins = letters.flatMap((letter, at) => Array.from(Folding.fold(letter), () => at))
  const folded = letters.map(Folding.fold).join("")
  const start = wanted === "" ? -1 : folded.indexOf(wanted)
  if (start === -1) return [name, "", ""]
  const [from, to] = [origins[start] ?? 0, (origins[start + wanted.length - 1] ?? 0) + 1]
  return [letters.slice(0, from).join(""), letters.slice(from, to).join(""), letters.slice(to).join("")]
}

/** A name with what the search found in it marked, whatever accents and case. */
export const Marked = ({ name, query }: { readonly name: string; readonly query: string }) => {
  const [before, found, after] = split(name, query)
  return (
    <span class="name">
      {before}
      {found !== "" && <mark>{found}</mark>}
      {after}
    </span>
  )
}
