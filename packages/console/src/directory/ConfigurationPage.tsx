import type { DateTime } from "effect"
import { DirectorySelector, type Selector } from "./DirectorySelector.tsx"
import { Icon } from "../shell/components/Icon.tsx"
import { Layout, type Shell } from "../shell/Layout.tsx"

interface Props {
  readonly shell: Shell
  readonly tenant: { readonly id: string; readonly name: string }
  readonly selectors: ReadonlyArray<Selector>
  readonly canSync: boolean
  readonly now: DateTime.Utc
}

const form = "selection"

/** Choosing groups and role definitions of a tenant's directory, from the cache. */
export const ConfigurationPage = ({ shell, tenant, selectors, canSync, now }: Props) => {
  const path = `${shell.links.tenant(tenant.id)}/configuration`
  return (
    <Layout title={`Configuration of ${tenant.name}`} shell={shell}>
      <a class="crumb" href={shell.links.tenant(tenant.id)}>
        <Icon name="back" />
        <span>{tenant.name}</span>
      </a>
      <h1>Configuration</h1>
      <p class="lead">
        Choose groups and role definitions of {tenant.name}. What is shown is a copy: it never waits for Microsoft. The
        selection is kept in this page’s address: bookmark it or pass it on.
      </p>
      <form id={form} method="get" action={path} />
      {selectors.map((selector) => (
        <DirectorySelector
          tenantId={tenant.id}
          path={path}
          form={form}
          selector={selector}
          others={selectors.filter(({ key }) => key !== selector.key).map(({ state }) => state)}
          canSync={canSync}
          now={now}
        />
      ))}
    </Layout>
  )
}
