/**
 * The document in which an issuer says where its keys are (RFC 8414; OpenID Connect Discovery).
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { unavailable } from "./auth_failure.ts";
import type { Provider } from "./provider.ts";

/** Metadata of an issuer. */
export interface IssuerDocument extends Readonly<Record<string, unknown>> {
  readonly issuer: string;
  readonly jwks_uri: string;
}

/** Possible URLs of an issuer's document, in the order that clients use. */
export function documentUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/openid-configuration${path}`,
  ];
  return [...new Set(urls)];
}

/**
 * Finds an issuer's document. A document that names another issuer is ignored: otherwise a person
 * who can write to one path of a host could set the keys of all its issuers.
 *
 * @throws {AuthFailure} `unavailable`, naming what each place answered
 */
export async function discover(provider: Provider, issuer: string): Promise<IssuerDocument> {
  const faults: string[] = [];
  for (const url of documentUrls(issuer)) {
    try {
      const document = await provider.json(url);
      if (document.issuer !== issuer) {
        faults.push(`${url}: issuer is ${JSON.stringify(document.issuer)}, expected "${issuer}"`);
      } else if (typeof document.jwks_uri !== "string") {
        faults.push(`${url}: jwks_uri is missing`);
      } else {
        return document as IssuerDocument;
      }
    } catch (error) {
      faults.push(messageOf(error));
    }
  }
  throw unavailable(`No discovery document of ${issuer} can be used: ${faults.join("; ")}`);
}
