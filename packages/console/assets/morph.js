// @ts-check

/**
 * @param {Element} from
 * @param {Element} to
 */
const morphAttributes = (from, to) => {
  // A form that is being sent keeps its button disabled.
  if (from.hasAttribute("data-sent")) return
  for (const name of from.getAttributeNames()) {
    if (!to.hasAttribute(name) && !(name === "open" && from.localName === "details")) from.removeAttribute(name)
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value)
  }
}

/**
 * Makes an element equal to another one with few changes, so that focus, open details and selections survive.
 *
 * @param {Element} from
 * @param {Element} to
 */
export const morph = (from, to) => {
  morphAttributes(from, to)
  let current = from.firstChild
  for (const wanted of Array.from(to.childNodes)) {
    const keyed =
      wanted instanceof Element && wanted.id ? from.querySelector(`:scope > #${CSS.escape(wanted.id)}`) : null
    if (keyed && keyed !== current) from.insertBefore(keyed, current)
    const candidate = keyed ?? current
    const same =
      candidate?.nodeName === wanted.nodeName &&
      (keyed !== null || !(candidate instanceof Element && candidate.id !== /** @type {Element} */ (wanted).id))
    if (!candidate || !same) {
      from.insertBefore(wanted, current)
      continue
    }
    current = candidate.nextSibling
    if (candidate instanceof Element && wanted instanceof Element) morph(candidate, wanted)
    else if (candidate.nodeValue !== wanted.nodeValue) candidate.nodeValue = wanted.nodeValue
  }
  while (current) {
    const next = current.nextSibling
    current.remove()
    current = next
  }
}
