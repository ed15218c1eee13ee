/**
 * What surrounds every page of a console. Hosts use it for pages of their own that look and behave like the others, such as a
 * sign-in, and for parts of their own. Pages are rendered with `Layout`, answered through `makeRequests`, and guarded by
 * `makeGuard`.
 *
 * @module
 */

export { Icon } from "./components/Icon.tsx"
export { hrefWith } from "./components/format.ts"
export { FormText, FormTexts, readForm } from "./Form.ts"
export { makeGuard } from "./guard.ts"
export { type Answer, Host, type HostOptions, Tenant } from "./Host.ts"
export { home, Layout, type Shell } from "./Layout.tsx"
export { type Links, useLinks } from "./Links.ts"
export {
  type Contribution,
  makePart,
  type PageServices,
  type Part,
  type RunRecord,
  type TenantPageLink
} from "./Part.ts"
export { problemJson } from "./problemJson.ts"
export { html, makeRequests, type PageProblem, type PageRequest, redirect, safeReturnTo } from "./Requests.ts"
export { type Routes, tooMany } from "./Routes.ts"
