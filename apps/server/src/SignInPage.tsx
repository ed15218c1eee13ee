import { Icon, Layout, type Shell } from "@atlas/console/shell"

/** A person whom the development sign-in offers. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly workspace: string
  /** Which tenants, in words. */
  readonly tenants: string
}

interface Props {
  readonly shell: Shell
  readonly accounts: ReadonlyArray<Account>
  /** The path to go on to. */
  readonly returnTo: string
  readonly problem?: string
}

/** The development sign-in: one button for each account. */
export const SignInPage = ({ shell, accounts, returnTo, problem }: Props) => (
  <Layout title="Sign in" shell={shell}>
    <div class="narrow">
      <h1>Sign in</h1>
      <p class="lead">Choose who to be. Each account shows Atlas with other rights.</p>
      {problem !== undefined && (
        <p class="callout tone-danger" role="alert">
          <Icon name="failed" />
          <span>{problem}</span>
        </p>
      )}
      <form method="post" action="/sign-in">
        <input type="hidden" name="returnTo" value={returnTo} />
        <ul class="accounts">
          {accounts.map((account) => (
            <li>
              <button class="account-choice" name="account" value={account.id}>
                <span class="account-avatar">
                  <Icon name="person" />
                </span>
                <span class="account-text">
                  <b>{account.name}</b>
                  <span>{account.id}</span>
                  <span class="muted">
                    {account.role} · {account.workspace} · {account.tenants}
                  </span>
                </span>
                <Icon name="arrow" />
              </button>
            </li>
          ))}
        </ul>
      </form>
    </div>
  </Layout>
)
