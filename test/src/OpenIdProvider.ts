import { createPublicKey } from "node:crypto"
import { mkdtemp, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose"
import Provider from "oidc-provider"
import { certificate, keyPair, privatePem } from "./SelfSigned.ts"

const tenantId = "33333333-0000-4000-8000-000000000001"
const clientId = "44444444-0000-4000-8000-000000000001"
const clientSecret = "a secret of the app registration"

/** The object id of a person who signs in by this name. */
const objectIdOf = (login: string) =>
  `55555555-0000-4000-8000-${Buffer.from(login).toString("hex").padEnd(12, "0").slice(0, 12)}`

const newKey = async (kid: string) => {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true })
  const parts = { kid, alg: "RS256", use: "sig" }
  const pair: { readonly own: JWK; readonly published: JWK } = {
    own: { ...(await exportJWK(privateKey)), ...parts },
    published: { ...(await exportJWK(publicKey)), ...parts }
  }
  return { kid, privateKey, ...pair }
}

type Key = Awaited<ReturnType<typeof newKey>>

const make = (issuer: string, redirectUri: string, key: Key) =>
  new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: "client_secret_post"
      }
    ],
    claims: { openid: ["sub", "oid", "tid", "name"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["a key for tests"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, oid: objectIdOf(id), tid: tenantId, name: id })
    }),
    jwks: { keys: [key.own] },
    pkce: { required: () => true }
  })

/** A certified OpenID provider in the place of Entra ID: https on loopback, with its own sign-in pages. */
export class OpenIdProvider extends Context.Service<
  OpenIdProvider,
  {
    readonly clientId: string
    readonly tenantId: string
    readonly issuer: string
    /** What a server needs to sign people in with it. */
    readonly settings: Readonly<Record<string, string>>
    objectIdOf(login: string): string
    /** Lets the app be returned to, such as `http://127.0.0.1:3000/sign-in/callback`. */
    register(redirectUri: string): void
    /** A token with these claims, signed by the provider's newest key. */
    sign(claims: JWTPayload): Effect.Effect<string>
    /** The newest key as everyone may have it, in PEM. */
    publicKey(): string
    /** Publishes a new key, by which `sign` signs from now on. */
    readonly rotate: Effect.Effect<void>
  }
>()("@atlas/test/OpenIdProvider") {
  static readonly layer = Layer.effect(
    OpenIdProvider,
    Effect.gen(function* () {
      const pair = keyPair()
      const cert = certificate(pair)
      let keys = [yield* Effect.promise(() => newKey("first"))]
      let callback: ReturnType<Provider["callback"]> | undefined
      const mount = `/${tenantId}/v2.0`
      const server = yield* Effect.acquireRelease(
        Effect.callback<Server>((resume) => {
          const listening = createServer({ key: privatePem(pair.privateKey), cert }, (request, response) => {
            // Its keys are replaced by ours, which change.
            if (request.url === `${mount}/jwks`) {
              response.setHeader("content-type", "application/jwk-set+json")
              response.end(JSON.stringify({ keys: keys.map(({ published }) => published) }))
            } else {
              Object.assign(request, { originalUrl: request.url, url: request.url?.replace(mount, "") })
              // Until somebody is registered, it is a provider that hangs up.
              if (callback === undefined) response.destroy()
              else void callback(request, response)
            }
          }).listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
        }),
        (listening) =>
          Effect.sync(() => {
            listening.closeAllConnections()
            listening.close()
          })
      )
      const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
      const issuer = `${origin}${mount}`
      const authorities = yield* Effect.promise(async () => {
        const path = join(await mkdtemp(join(tmpdir(), "atlas-provider-")), "certificate.pem")
        await writeFile(path, cert)
        return path
      })
      const [first] = keys
      return OpenIdProvider.of({
        clientId,
        tenantId,
        issuer,
        settings: {
          ATLAS_ENTRA_TENANT_ID: tenantId,
          ATLAS_ENTRA_CLIENT_ID: clientId,
          ATLAS_ENTRA_CLIENT_SECRET: clientSecret,
          ATLAS_ENTRA_AUTHORITY: origin,
          NODE_EXTRA_CA_CERTS: authorities
        },
        objectIdOf,
        register: (redirectUri) => {
          if (first !== undefined) callback = make(issuer, redirectUri, first).callback()
        },
        sign: (claims) =>
          Effect.promise(async () => {
            const key = keys.at(-1)
            if (key === undefined) throw new Error("There is no key.")
            return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: key.kid }).sign(key.privateKey)
          }),
        publicKey: () =>
          createPublicKey({ key: { ...keys.at(-1)?.published }, format: "jwk" })
            .export({ type: "spki", format: "pem" })
            .toString(),
        rotate: Effect.promise(async () => {
          keys = [...keys, await newKey(`key ${keys.length + 1}`)]
        })
      })
    })
  )
}
