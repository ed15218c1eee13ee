// @ts-check

/** @typedef {{ id: string, displayName: string, mail: string | null, description: string | null, removedAt: string | null }} Group */

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
 * The chosen groups: chips backed by hidden inputs, the page's address and the buttons of the result list kept in step.
 *
 * @param {HTMLFormElement} form
 * @param {(text: string) => void} announce
 */
const makeSelection = (form, announce) => {
  const chips = /** @type {HTMLElement} */ (form.querySelector("[data-chips]"))
  const ids = () => [...chips.querySelectorAll("input")].map((input) => input.value)

  const withGroups = (/** @type {string} */ href) => {
    const url = new URL(href)
    url.searchParams.delete("group")
    for (const id of ids()) url.searchParams.append("group", id)
    return url.href
  }

  const sync = () => {
    history.replaceState(null, "", withGroups(location.href))
    const chosen = new Set(ids())
    for (const link of document.querySelectorAll("a[data-keep-groups]")) {
      const anchor = /** @type {HTMLAnchorElement} */ (link)
      anchor.href = withGroups(anchor.href)
    }
    for (const element of document.querySelectorAll("button[data-add]")) {
      const button = /** @type {HTMLButtonElement} */ (element)
      button.disabled = chosen.has(button.value)
      const word = button.querySelector("span")
      if (word) word.textContent = button.disabled ? "Added" : "Add"
    }
  }

  const add = (/** @type {string} */ id, /** @type {string} */ name) => {
    if (ids().includes(id)) return
    const chip = document.createElement("li")
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: "group", value: id })
    const text = Object.assign(document.createElement("span"), { textContent: name })
    const remove = Object.assign(document.createElement("a"), { href: location.href, ariaLabel: `Remove ${name}` })
    remove.dataset["remove"] = ""
    remove.append(drawClose())
    chip.className = "chip"
    chip.append(input, text, remove)
    chips.append(chip)
    sync()
    announce(`${name} added, ${ids().length} selected`)
  }

  chips.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-remove]") : null
    const chip = link?.closest("li")
    if (!chip) return
    event.preventDefault()
    const name = chip.querySelector("span")?.textContent
    const neighbour = chip.nextElementSibling ?? chip.previousElementSibling
    const next = neighbour?.querySelector("a") ?? form.querySelector("input[role=combobox]")
    chip.remove()
    sync()
    announce(`${name} removed, ${ids().length} selected`)
    if (next instanceof HTMLElement) next.focus()
  })

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[data-add]") : null
    if (!(button instanceof HTMLButtonElement)) return
    event.preventDefault()
    add(button.value, button.dataset["add"] ?? "")
  })

  return { add, has: (/** @type {string} */ id) => ids().includes(id) }
}

/**
 * Makes the search field of the group form a combobox (ARIA 1.2: list autocomplete, manual selection).
 *
 * @param {HTMLFormElement} form
 * @param {(text: string) => void} announce
 */
export const enhancePicker = (form, announce) => {
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input[name=query]"))
  const list = Object.assign(document.createElement("ul"), { className: "options", id: "options", hidden: true })
  list.setAttribute("role", "listbox")
  list.setAttribute("aria-label", "Groups")
  input.setAttribute("role", "combobox")
  input.setAttribute("aria-autocomplete", "list")
  input.setAttribute("aria-expanded", "false")
  input.setAttribute("aria-controls", list.id)
  input.after(list)
  const selection = makeSelection(form, announce)

  /** @type {ReadonlyArray<Group>} */
  let groups = []
  let active = -1
  let request = new AbortController()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  const activate = (/** @type {number} */ index) => {
    active = index
    ;[...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)))
    const option = list.children[index]
    if (option) {
      input.setAttribute("aria-activedescendant", option.id)
      option.scrollIntoView({ block: "nearest" })
    } else input.removeAttribute("aria-activedescendant")
  }

  const close = () => {
    clearTimeout(timer)
    request.abort()
    list.hidden = true
    input.setAttribute("aria-expanded", "false")
    activate(-1)
  }

  const render = (/** @type {Group} */ group, /** @type {number} */ index) => {
    const option = Object.assign(document.createElement("li"), {
      id: `option-${index}`,
      textContent: group.displayName
    })
    const chosen = selection.has(group.id)
    const detail = [
      chosen ? "Already added" : "",
      group.removedAt ? "Removed" : "",
      group.mail ?? group.description ?? ""
    ]
    const small = Object.assign(document.createElement("small"), { textContent: detail.filter(Boolean).join(" · ") })
    option.setAttribute("role", "option")
    option.setAttribute("aria-selected", "false")
    if (chosen) option.setAttribute("aria-disabled", "true")
    if (small.textContent) option.append(small)
    return option
  }

  const open = (/** @type {boolean} */ more) => {
    list.replaceChildren(...groups.map(render))
    list.hidden = groups.length === 0
    input.setAttribute("aria-expanded", String(!list.hidden))
    activate(-1)
    const count = groups.length === 1 ? "1 group" : `${groups.length} groups`
    announce(groups.length === 0 ? "No group matches" : more ? `First ${count}; type more to narrow` : `${count} found`)
  }

  const search = async () => {
    request.abort()
    request = new AbortController()
    const { signal } = request
    const query = new URLSearchParams({ query: input.value.trim(), limit: "20" })
    try {
      const response = await fetch(`${form.dataset["picker"]}?${query}`, {
        headers: { accept: "application/json" },
        signal
      })
      if (!response.ok) throw new Error(response.statusText)
      const page = await response.json()
      if (signal.aborted) return
      groups = page.groups
      open(page.nextCursor !== null)
    } catch {
      if (!signal.aborted) announce("Search is not available; press Enter for the full list")
    }
  }

  const choose = (/** @type {number} */ index) => {
    const group = groups[index]
    if (!group || selection.has(group.id)) return
    input.value = ""
    close()
    selection.add(group.id, group.displayName)
  }

  input.addEventListener("input", () => {
    clearTimeout(timer)
    if (input.value.trim() === "") close()
    else timer = setTimeout(() => void search(), 150)
  })

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return
    const count = list.hidden ? 0 : groups.length
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
    }
  })

  // Before the field loses its focus, which closes the list.
  list.addEventListener("mousedown", (event) => {
    event.preventDefault()
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null
    if (option) choose([...list.children].indexOf(option))
  })
  input.addEventListener("blur", close)
}
