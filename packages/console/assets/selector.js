// @ts-check
// What the script adds to the form of a directory selector: a list while typing, and a selection without a round trip.

const closeIcon = "M4.5 4.5l7 7M11.5 4.5l-7 7"

/** @returns {SVGSVGElement} the drawing of `Icon` */
const drawClose = () => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  const attributes = { class: "icon", viewBox: "0 0 16 16", width: "16", height: "16", "aria-hidden": "true" }
  const strokes = {
    d: closeIcon,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.5",
    "stroke-linecap": "round"
  }
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value)
  for (const [name, value] of Object.entries(strokes)) path.setAttribute(name, value)
  svg.append(path)
  return svg
}

/**
 * Puts the ids that are chosen now in every selector into a link or the page's address.
 *
 * @param {string} href
 */
const withChosen = (href) => {
  const url = new URL(href)
  for (const section of document.querySelectorAll("[data-selector]")) {
    const key = section.getAttribute("data-selector") ?? ""
    url.searchParams.delete(key)
    for (const chip of section.querySelectorAll("[data-chip]")) {
      url.searchParams.append(key, chip.getAttribute("data-chip") ?? "")
    }
  }
  return url.href
}

/** Updates the address, links to more pages and the buttons of the results to match the chips. */
const keepInStep = () => {
  history.replaceState(null, "", withChosen(location.href))
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("a[data-keep]"))) {
    link.href = withChosen(link.href)
  }
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button[data-add]"))) {
    const chips = button.closest("[data-selector]")?.querySelectorAll("[data-chip]") ?? []
    button.disabled = [...chips].some((chip) => chip.getAttribute("data-chip") === button.value)
    const word = button.querySelector("span")
    if (word) word.textContent = button.disabled ? "Added" : "Add"
  }
}

/**
 * The chosen objects of one selector: chips backed by hidden inputs.
 *
 * @param {HTMLElement} section
 * @param {(text: string) => void} announce
 */
const makeSelection = (section, announce) => {
  const key = section.dataset["selector"] ?? ""
  const field = /** @type {HTMLInputElement} */ (section.querySelector("input[type=text]"))
  const chips = /** @type {HTMLElement} */ (section.querySelector("[data-chips]"))
  const has = (/** @type {string} */ id) => chips.querySelector(`[data-chip="${CSS.escape(id)}"]`) !== null

  const add = (/** @type {string} */ id, /** @type {string} */ name) => {
    if (has(id)) return
    const chip = Object.assign(document.createElement("li"), { className: "chip" })
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: key, value: id })
    const text = Object.assign(document.createElement("span"), { textContent: name })
    const remove = Object.assign(document.createElement("a"), { href: location.href, ariaLabel: `Remove ${name}` })
    input.setAttribute("form", field.getAttribute("form") ?? "")
    chip.dataset["chip"] = id
    remove.dataset["remove"] = ""
    remove.append(drawClose())
    chip.append(input, text, remove)
    chips.append(chip)
    keepInStep()
    announce(`${name} added, ${chips.children.length} selected`)
  }

  const remove = (/** @type {Element | null | undefined} */ chip) => {
    if (!chip) return
    const name = chip.querySelector("span")?.textContent
    const neighbour = chip.nextElementSibling ?? chip.previousElementSibling
    const hadFocus = chip.contains(document.activeElement)
    chip.remove()
    keepInStep()
    announce(`${name} removed, ${chips.children.length} selected`)
    if (hadFocus) (neighbour?.querySelector("a") ?? field).focus()
  }

  section.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null
    const chip = target?.closest("[data-remove]")?.closest("[data-chip]")
    const button = target?.closest("button[data-add]")
    if (chip || button) event.preventDefault()
    remove(chip)
    if (button instanceof HTMLButtonElement) add(button.value, button.dataset["add"] ?? "")
  })

  return { add, has, removeLast: () => remove(chips.lastElementChild) }
}

/**
 * The options for what is typed, as the server renders them.
 *
 * @param {HTMLElement} section
 * @param {AbortSignal} signal
 */
const fetchOptions = async (section, signal) => {
  const key = section.dataset["selector"] ?? ""
  const query = new URLSearchParams()
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (section.querySelectorAll(`[name^="${key}."]`))) {
    if (input.type !== "checkbox" || input.checked) query.append(input.name, input.value.trim())
  }
  const response = await fetch(`${section.dataset["options"]}?${query}`, { signal })
  if (response.redirected || !response.ok) throw new Error(response.statusText)
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[role=listbox]")
  if (!(parsed instanceof HTMLElement)) throw new Error("No list")
  return document.importNode(parsed, true)
}

/**
 * Makes the field of a selector a combobox (ARIA 1.2: list autocomplete, manual selection).
 *
 * @param {HTMLElement} section
 * @param {(text: string) => void} announce
 */
export const enhanceSelector = (section, announce) => {
  const key = section.dataset["selector"] ?? ""
  const input = /** @type {HTMLInputElement} */ (section.querySelector("input[type=text]"))
  const note = /** @type {HTMLElement} */ (section.querySelector("[data-note]"))
  const selection = makeSelection(section, announce)
  let list = Object.assign(document.createElement("ul"), { className: "options", hidden: true })
  list.setAttribute("role", "listbox")
  list.id = `${key}-options`
  list.setAttribute("aria-label", section.querySelector("h2")?.textContent ?? "")
  input.setAttribute("role", "combobox")
  input.setAttribute("aria-autocomplete", "list")
  input.setAttribute("aria-expanded", "false")
  input.setAttribute("aria-controls", list.id)
  input.after(list)

  let active = -1
  let request = new AbortController()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const options = () => /** @type {Array<HTMLElement>} */ ([...list.children])

  const say = (/** @type {string} */ text) => {
    note.textContent = text
    announce(text)
  }

  const activate = (/** @type {number} */ index) => {
    active = index
    options().forEach((option, at) => option.setAttribute("aria-selected", String(at === index)))
    const option = options()[index]
    if (option) {
      input.setAttribute("aria-activedescendant", option.id)
      option.scrollIntoView({ block: "nearest" })
    } else input.removeAttribute("aria-activedescendant")
  }

  const close = () => {
    clearTimeout(timer)
    request.abort()
    input.removeAttribute("aria-busy")
    list.hidden = true
    input.setAttribute("aria-expanded", "false")
    activate(-1)
  }

  const show = (/** @type {HTMLElement} */ found) => {
    const count = found.children.length
    found.id = list.id
    found.hidden = count === 0
    for (const [at, option] of /** @type {Array<HTMLElement>} */ ([...found.children]).entries()) {
      option.id = `${key}-option-${at}`
      if (selection.has(option.dataset["id"] ?? "")) {
        option.setAttribute("aria-disabled", "true")
        option.querySelector("small")?.prepend("Already added · ")
      }
    }
    list.replaceWith(found)
    list = /** @type {HTMLUListElement} */ (found)
    input.setAttribute("aria-expanded", String(count > 0))
    activate(-1)
    const noun = count === 1 ? section.dataset["one"] : section.dataset["many"]
    if (count === 0) say(`No ${section.dataset["one"]} matches`)
    else if (list.hasAttribute("data-more")) say(`First ${count} ${noun}; type more to narrow`)
    else say(`${count} ${noun} found`)
  }

  const search = async () => {
    request.abort()
    request = new AbortController()
    const { signal } = request
    input.setAttribute("aria-busy", "true")
    try {
      const found = await fetchOptions(section, signal)
      if (!signal.aborted) show(found)
    } catch {
      if (signal.aborted) return
      close()
      say("Cannot search now: try again, or press Enter for the full list")
    } finally {
      if (!signal.aborted) input.removeAttribute("aria-busy")
    }
  }

  const choose = (/** @type {number} */ index) => {
    const { id = "", name = "" } = options()[index]?.dataset ?? {}
    if (id === "" || selection.has(id)) return
    input.value = ""
    note.textContent = ""
    close()
    selection.add(id, name)
  }

  input.addEventListener("input", () => {
    clearTimeout(timer)
    if (input.value.trim() === "") {
      note.textContent = ""
      close()
    } else timer = setTimeout(() => void search(), 150)
  })

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return
    const count = list.hidden ? 0 : list.children.length
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault()
      if (count === 0) void search()
      else activate(event.key === "ArrowDown" ? (active + 1) % count : (active <= 0 ? count : active) - 1)
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault()
      choose(active)
    } else if (event.key === "Escape") {
      if (count > 0) close()
      else input.value = ""
    } else if (event.key === "Backspace" && input.value === "") {
      selection.removeLast()
    }
  })

  // Before the field loses its focus, which closes the list.
  section.addEventListener("mousedown", (event) => {
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null
    if (!option || !list.contains(option)) return
    event.preventDefault()
    choose(options().indexOf(/** @type {HTMLElement} */ (option)))
  })
  input.addEventListener("blur", close)

  // Filters take effect at once: on the list while a person types, otherwise on the page.
  section.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement) || event.target.type !== "checkbox") return
    event.target.form?.requestSubmit()
  })
}

/**
 * Starts a sync without leaving the page: its link takes the button's place.
 *
 * @param {HTMLFormElement} form
 * @param {(text: string) => void} announce
 * @param {() => void} refresh
 */
export const startSync = async (form, announce, refresh) => {
  const button = form.querySelector("button")
  if (button) button.disabled = true
  try {
    const response = await fetch(form.action, { method: "POST", headers: { accept: "text/html" } })
    // A start ends on its run's page; anything else has something to say.
    if (!response.redirected || !response.ok) throw new Error(response.statusText)
    const link = Object.assign(document.createElement("a"), { className: "button", href: response.url })
    link.textContent = "View running sync"
    form.replaceWith(link)
    link.focus()
    announce(`${form.dataset["sync"]} has started`)
    refresh()
  } catch {
    form.removeAttribute("data-sync")
    if (button) button.disabled = false
    form.requestSubmit()
  }
}
