/**
 * Who the page is to the issuer: by the id that the user enters, by the page's own client id metadata
 * document, or by registration (RFC 7591).
 *
 * @module
 */
import { askJson, IssuerRefusal, SignInError } from "./ask.js";

/** @typedef {import("./discovery.js").IssuerMetadata} IssuerMetadata */

const NAME = "Lifeline test page";
/** The page's own document, beside the page. */
const DOCUMENT = "sse-test.client.json";

/**
 * @param {IssuerMetadata} issuer
 * @param {{ entered: string, redirectUri: string }} page `entered`: the id by the user; empty for none
 * @returns {Promise<string>}
 * @throws {SignInError} where the issuer does not know the page in any of these ways
 */
export async function clientIdAt(issuer, { entered, redirectUri }) {
  if (entered !== "") return entered;
  if (issuer.client_id_metadata_document_supported === true) {
    const id = await documentedId(new URL(DOCUMENT, redirectUri).href);
    if (id !== undefined) return id;
  }
  if (issuer.registration_endpoint !== undefined) {
    return await register(issuer.registration_endpoint, redirectUri);
  }
  throw new SignInError(
    `${issuer.issuer} registers no clients by itself. Create a public client there with the ` +
      `redirect URI ${redirectUri}, and enter its client id`,
  );
}

/**
 * The URL of the page's document; undefined where issuers could not use it.
 *
 * @param {string} url
 */
async function documentedId(url) {
  // Issuers fetch it over https, and compare its client_id with the URL.
  if (!url.startsWith("https:")) return undefined;
  try {
    return (await askJson(url)).client_id === url ? url : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} endpoint @param {string} redirectUri */
async function register(endpoint, redirectUri) {
  const body = {
    client_name: NAME,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    application_type: redirectUri.startsWith("https:") ? "web" : "native",
  };
  try {
    const { client_id: id } = await askJson(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (typeof id === "string") return id;
    throw new SignInError(`${endpoint} answers without a client_id`);
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    const status = error instanceof IssuerRefusal ? "" : " from a page";
    throw new SignInError(
      `The page could not register itself${status}: ${error.message}. Enter the id of a public ` +
        `client with the redirect URI ${redirectUri}`,
      { cause: error },
    );
  }
}
