import { hrefWith, Icon, Layout, type Shell } from "@atlas/console/shell"
import type { EntraPerson } from "./EntraId.ts"

interface Props {
  readonly shell: Shell
  /** The path to go on to. */
  readonly returnTo: string
  readonly problem?: string
  /** A person who proved who they are, but has no account here. */
  readonly stranger?: EntraPerson
}

/** The sign-in with Entra ID, and what went wrong with the last one. */
export const EntraSignInPage = ({ shell, returnTo, problem, stranger }: Props) => (
  <Layout title={stranger === undefined ? "Sign in" : "No access yet"} shell={shell}>
    <div class="narrow">
      <h1>{stranger === undefined ? "Sign in" : "No access yet"}</h1>
      {stranger === undefined ? (
        <p class="lead">Use the account of your organisation.</p>
      ) : (
        <>
          <p class="lead">You are signed in to Microsoft as {stranger.name}, and nobody has given you access here.</p>
          <p>
            Ask an administrator of Atlas to link your account. They need your object id:{" "}
            <code>{stranger.objectId}</code>
          </p>
        </>
      )}
      {problem !== undefined && (
        <p class="callout tone-danger" role="alert">
          <Icon name="failed" />
          <span>{problem}</span>
        </p>
      )}
      <p class="card-actions">
        <a class="button primary" href={hrefWith("/sign-in/entra", [["returnTo", returnTo]])}>
          {stranger === undefined ? "Sign in with Microsoft" : "Try again"}
        </a>
      </p>
    </div>
  </Layout>
)
