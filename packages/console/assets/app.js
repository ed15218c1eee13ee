// @ts-check
// Every page works without this file; it adds live regions, current times, the directory selectors and small conveniences.

import { morph } from "./morph.js"

document.documentElement.classList.add("scripted")

const announcer = document.getElementById("announcer")

/** @param {string} text */
const announce = (text) => {
  if (announcer && announcer.textContent !== text) announcer.textContent = text
}

// Times

const relatives = new Intl.RelativeTimeFormat("en", { numeric: "always" })
const absolutes = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" })
const zoned = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "long" })
/** @type {ReadonlyArray<readonly [limit: number, size: number, unit: Intl.RelativeTimeFormatUnit]>} */
const units = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86_400, 3600, "hour"],
  [30 * 86_400, 86_400, "day"]
]

/**
 * @param {Date} at
 * @returns {string} as `formatRelative` on the server writes it
 */
const relative = (at) => {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000)
  if (Math.abs(seconds) < 5) return "just now"
  const unit = units.find(([limit]) => Math.abs(seconds) < limit)
  return unit ? relatives.format(Math.trunc(seconds / unit[1]), unit[2]) : absolutes.format(at)
}

/** @param {number} millis */
const duration = (millis) => {
  const seconds = Math.max(0, Math.round(millis / 1000))
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)]
  if (minutes < 1) return `${seconds} s`
  if (hours < 1) return `${minutes} min ${seconds % 60} s`
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/**
 * @param {Element} element
 * @param {string} text
 */
const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

const showTimes = () => {
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime)
    time.title = zoned.format(at)
    // What belongs to a time zone of its own stays in it.
    if (time.hasAttribute("data-zone")) continue
    if (time.hasAttribute("data-absolute")) setText(time, absolutes.format(at))
    else if (time.hasAttribute("data-due") && at.getTime() <= Date.now()) setText(time, "now")
    else setText(time, relative(at))
  }
}

const showDurations = () => {
  for (const element of document.querySelectorAll("[data-since]")) {
    setText(element, duration(Date.now() - Date.parse(element.getAttribute("data-since") ?? "")))
  }
}

// Live regions: fetches the page again, and updates its regions in place

const state = () => document.querySelector("[data-announce]")?.getAttribute("data-announce") ?? ""

let refreshing = false
let again = false

const refresh = async () => {
  if (refreshing) {
    again = true
    return
  }
  refreshing = true
  try {
    const response = await fetch(location.href, {
      headers: { accept: "text/html" },
      cache: "no-store",
      signal: AbortSignal.timeout(10_000)
    })
    // The session ended, or the page is gone: the server's own page says so best.
    if (response.redirected || response.status === 401 || response.status === 403 || response.status === 404) {
      location.reload()
      return
    }
    if (!response.ok) return
    const next = new DOMParser().parseFromString(await response.text(), "text/html")
    const before = state()
    for (const region of document.querySelectorAll("[data-region]")) {
      const update = next.getElementById(region.id)
      if (update) morph(region, document.importNode(update, true))
    }
    document.title = next.title
    showTimes()
    if (state() !== before) announce(state())
  } catch {
    // Offline: the next event or tick tries again.
  } finally {
    refreshing = false
    if (again) {
      again = false
      soon()
    }
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pending
const soon = () => {
  pending ??= setTimeout(() => {
    pending = undefined
    void refresh()
  }, 300)
}

/** @type {EventSource | undefined} */
let source
const listen = () => {
  const url = document.querySelector("[data-live]")?.getAttribute("data-live")
  // A hidden page gives its connection back: browsers allow only six to one host.
  if (!url || document.hidden) {
    source?.close()
    source = undefined
    return
  }
  if (source && source.readyState !== EventSource.CLOSED) return
  source = new EventSource(url)
  source.onmessage = soon
  source.addEventListener("end", () => {
    source?.close()
    soon()
  })
}

let lastRefresh = Date.now()
let ticks = 0
const tick = () => {
  if (document.hidden) return
  showDurations()
  if (++ticks % 15 === 0 || document.querySelector("[data-due]")) showTimes()
  const seconds = [...document.querySelectorAll("[data-refresh]")].map((region) =>
    Number(region.getAttribute("data-refresh"))
  )
  const every = Math.min(...seconds) * 1000
  if (seconds.length > 0 && Date.now() - lastRefresh >= every) {
    lastRefresh = Date.now()
    listen()
    void refresh()
  }
}

document.addEventListener("visibilitychange", () => {
  listen()
  if (!document.hidden && document.querySelector("[data-refresh]")) soon()
})

// Forms and buttons

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target)
  // After the submission has read the form: a disabled button would not be sent.
  setTimeout(() => {
    if (event.defaultPrevented) return
    for (const button of form.querySelectorAll("button:enabled")) {
      button.setAttribute("data-sent", "")
      button.setAttribute("disabled", "")
    }
  })
})

// Forms that go on page by page submit themselves.
for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  setTimeout(() => /** @type {HTMLFormElement} */ (form).requestSubmit(), 300)
}

// Filters that are not set stay out of the address.
document.addEventListener("formdata", (event) => {
  if (!(event.target instanceof HTMLFormElement) || event.target.method !== "get") return
  for (const name of new Set(event.formData.keys())) {
    if (event.formData.getAll(name).every((value) => value === "")) event.formData.delete(name)
  }
})

// A page that comes back from the history still has the disabled buttons with which it was left.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[data-sent]")) {
    button.removeAttribute("data-sent")
    button.removeAttribute("disabled")
  }
})

/**
 * @param {Element} button
 * @param {Element} label
 */
const copyLink = async (button, label) => {
  const copy = navigator.clipboard.writeText(button.getAttribute("data-copy") ?? "")
  const copied = await copy.then(
    () => true,
    () => false
  )
  label.textContent = copied ? "Copied" : "Copy failed"
  announce(copied ? "Link copied" : "The link could not be copied")
  setTimeout(() => (label.textContent = "Copy link"), 2000)
}

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("[data-copy]") : null
  const label = button?.querySelector("span")
  if (button && label) void copyLink(button, label)
})

const selectors = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-selector]"))
if (selectors.length > 0) {
  void import("./selector.js").then(({ enhanceSelector, startSync }) => {
    for (const section of selectors) enhanceSelector(section, announce)
    document.addEventListener("submit", (event) => {
      if (!(event.target instanceof HTMLFormElement) || !event.target.hasAttribute("data-sync")) return
      event.preventDefault()
      void startSync(event.target, announce, () => void refresh())
    })
  })
}

showTimes()
listen()
setInterval(tick, 1000)
