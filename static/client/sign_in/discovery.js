/**
 * Who issues tokens for an endpoint (RFC 9728), and what that issuer can do (RFC 8414, OpenID Connect
 * Discovery).
 *
 * @module
 */
import { askJson, IssuerRefusal, SignInError } from "./ask.js";

/**
 * @typedef {object} Resource
 * @property {string} resource what tokens are to be for (RFC 8707)
 * @property {readonly string[]} issuers at least one
 * @property {readonly string[]} scopes to ask for
 *
 * @typedef {object} IssuerMetadata
 * @property {string} issuer
 * @property {string} authorization_endpoint
 * @property {string} token_endpoint
 * @property {string} [registration_endpoint]
 * @property {string} [revocation_endpoint]
 * @property {readonly string[]} [scopes_supported]
 * @property {readonly string[]} [code_challenge_methods_supported]
 * @property {boolean} [authorization_response_iss_parameter_supported]
 * @property {boolean} [client_id_metadata_document_supported]
 */

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const NOT_FOUND = 404;

/**
 * Finds the document of an endpoint: with its path first, then at the root.
 *
 * @param {string} endpoint absolute
 * @returns {Promise<Resource>}
 * @throws {SignInError} where there is none, or it is for another resource
 */
export async function findResource(endpoint) {
  const { origin, pathname } = new URL(endpoint);
  for (const url of new Set([`${origin}${WELL_KNOWN}${pathname}`, `${origin}${WELL_KNOWN}`])) {
    try {
      return readResource(await askJson(url), endpoint);
    } catch (error) {
      if (!(error instanceof IssuerRefusal && error.status === NOT_FOUND)) throw error;
    }
  }
  throw new SignInError(
    "This server names nobody to sign in at. If it asks for a key or a token, paste one",
  );
}

/** @param {any} document @param {string} endpoint @returns {Resource} */
function readResource(
  { resource, authorization_servers: issuers, scopes_supported: scopes },
  endpoint,
) {
  const isFor = typeof resource === "string" &&
    (endpoint === resource || endpoint.startsWith(`${resource.replace(/\/$/, "")}/`));
  if (!isFor) {
    throw new SignInError(
      `The server's document is for ${resource}, and this page talks to ${endpoint}. Open the ` +
        "page at the public address of the server",
    );
  }
  if (!isTextList(issuers) || issuers.length === 0) {
    throw new SignInError("The server's document names no issuer (authorization_servers)");
  }
  return { resource, issuers, scopes: isTextList(scopes) ? scopes : [] };
}

/**
 * Asks an issuer what it can do, where clients look for that, in their order.
 *
 * @param {string} issuer as the document of the resource names it
 * @returns {Promise<IssuerMetadata>}
 * @throws {SignInError} naming what each place answered, or what the issuer cannot do
 */
export async function describeIssuer(issuer) {
  const faults = [];
  for (const url of documentUrls(issuer)) {
    try {
      const document = await askJson(url);
      if (document.issuer === issuer) return checked(document);
      faults.push(`${url} is of the issuer ${JSON.stringify(document.issuer)}`);
    } catch (error) {
      if (!(error instanceof IssuerRefusal)) throw error;
      faults.push(error.message);
    }
  }
  throw new SignInError(`${issuer} does not say how to sign in: ${faults.join("; ")}`);
}

/** @param {string} issuer @returns {string[]} */
function documentUrls(issuer) {
  const url = URL.parse(issuer);
  if (url === null) throw new SignInError(`The issuer ${issuer} is no URL`);
  const path = url.pathname.replace(/\/$/, "");
  return [
    ...new Set([
      `${url.origin}/.well-known/oauth-authorization-server${path}`,
      `${url.origin}/.well-known/openid-configuration${path}`,
      `${url.origin}${path}/.well-known/openid-configuration`,
    ]),
  ];
}

/**
 * @param {any} document
 * @returns {IssuerMetadata}
 */
function checked(document) {
  const { issuer, authorization_endpoint: authorize, token_endpoint: token } = document;
  for (
    const [name, url] of Object.entries({
      authorization_endpoint: authorize,
      token_endpoint: token,
    })
  ) {
    if (!isSafeUrl(url)) {
      throw new SignInError(`${issuer} names no ${name} over https (http only on this machine)`);
    }
  }
  const { origin } = new URL(token);
  if (origin !== new URL(issuer).origin && origin !== location.origin) {
    throw new SignInError(
      `${issuer} gives out tokens at ${origin}, which this page may not ask. Paste a token instead`,
    );
  }
  // MCP 2025-11-25, Authorization Code Protection: without it a client must refuse to go on.
  const { code_challenge_methods_supported: methods } = document;
  if (isTextList(methods) && methods.includes("S256")) return document;
  throw new SignInError(`${issuer} does not offer PKCE with S256. Paste a token instead`);
}

/** @param {unknown} text */
function isSafeUrl(text) {
  const url = typeof text === "string" ? URL.parse(text) : null;
  const isHere = /^(localhost|127\.[\d.]+|\[::1\])$/.test(url?.hostname ?? "");
  return url?.protocol === "https:" || (url?.protocol === "http:" && isHere);
}

/** @param {unknown} value @returns {value is string[]} */
function isTextList(value) {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
