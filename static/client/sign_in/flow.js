/**
 * The authorization code flow with PKCE (OAuth 2.1): away to the issuer, and back with a code.
 *
 * @module
 */
import { tryParse } from "../../shared/json.js";
import { readStored, store } from "../../shared/storage.js";
import { askJson, SignInError } from "./ask.js";
import { clientIdAt } from "./client_id.js";
import { describeIssuer } from "./discovery.js";
import { challengeOf, randomText } from "./pkce.js";

/**
 * @typedef {import("./discovery.js").IssuerMetadata} IssuerMetadata
 * @typedef {import("./discovery.js").Resource} Resource
 * @typedef {import("../../shared/grant.js").Grant} Grant
 *
 * @typedef {object} Pending what is remembered while the user is at the issuer
 * @property {string} state
 * @property {string} verifier
 * @property {string} issuer
 * @property {boolean} namesIssuer whether the answer must name the issuer (RFC 9207)
 * @property {string} tokenEndpoint
 * @property {string | undefined} revocationEndpoint
 * @property {string} clientId
 * @property {string} resource
 * @property {string} redirectUri
 */

const KEY = "lifeline.sign-in";
const OFFLINE_ACCESS = "offline_access";

/**
 * Begins to sign in.
 *
 * @param {Resource} resource
 * @param {string} issuerName one of those of the resource
 * @param {string} enteredId the client id by the user; empty for none
 * @returns {Promise<URL>} where to send the browser
 * @throws {SignInError}
 */
export async function beginSignIn({ resource, scopes }, issuerName, enteredId) {
  const verifier = randomText();
  const challenge = await challengeOf(verifier);
  const issuer = await describeIssuer(issuerName);
  const redirectUri = pageUrl();
  const clientId = await clientIdAt(issuer, { entered: enteredId, redirectUri });
  const state = randomText();
  store(
    "sessionStorage",
    KEY,
    JSON.stringify({
      state,
      verifier,
      issuer: issuerName,
      namesIssuer: issuer.authorization_response_iss_parameter_supported === true,
      tokenEndpoint: issuer.token_endpoint,
      revocationEndpoint: issuer.revocation_endpoint,
      clientId,
      resource,
      redirectUri,
    }),
  );
  return withParameters(issuer.authorization_endpoint, {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: challenge,
    code_challenge_method: "S256",
    resource,
    ...scopeParameters(scopes, issuer),
  });
}

/**
 * Whether the page was opened by an issuer that sends its user back.
 *
 * @param {URLSearchParams} query
 */
export function isAnswer(query) {
  return query.has("state") && (query.has("code") || query.has("error"));
}

/**
 * Ends the sign-in that the issuer's answer belongs to.
 *
 * @param {URLSearchParams} answer
 * @returns {Promise<Grant>}
 * @throws {SignInError} where the answer belongs to another tab, or the issuer refuses
 */
export async function finishSignIn(answer) {
  /** @type {Pending | undefined} */
  const pending = tryParse(readStored("sessionStorage", KEY) ?? "");
  // An answer serves once.
  store("sessionStorage", KEY, "");
  if (pending === undefined || answer.get("state") !== pending.state) {
    throw new SignInError("The issuer's answer belongs to no sign-in that began in this tab");
  }
  checkIssuer(answer.get("iss"), pending);
  const error = answer.get("error");
  if (error !== null) {
    const why = answer.get("error_description");
    throw new SignInError(
      `${pending.issuer} refused: ${why === null ? error : `${error}, ${why}`}`,
    );
  }
  const { issuer, tokenEndpoint, revocationEndpoint, clientId, resource, redirectUri } = pending;
  const tokens = await askForTokens(tokenEndpoint, {
    grant_type: "authorization_code",
    code: answer.get("code") ?? "",
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: pending.verifier,
    resource,
  });
  return { issuer, tokenEndpoint, revocationEndpoint, clientId, resource, ...tokens };
}

/**
 * Asks the token endpoint.
 *
 * @param {string} endpoint
 * @param {Record<string, string>} parameters
 * @returns {Promise<import("../../shared/grant.js").Tokens>}
 * @throws {SignInError}
 */
export async function askForTokens(endpoint, parameters) {
  const askedAt = Date.now();
  const answer = await askJson(endpoint, { method: "POST", body: new URLSearchParams(parameters) });
  const { access_token: accessToken, refresh_token: refreshToken, token_type: type } = answer;
  if (typeof accessToken !== "string" || String(type).toLowerCase() !== "bearer") {
    throw new SignInError(`${endpoint} answers without a bearer token`);
  }
  const seconds = Number(answer.expires_in);
  return {
    accessToken,
    refreshToken: typeof refreshToken === "string" ? refreshToken : undefined,
    expiresAt: seconds > 0 ? askedAt + seconds * 1000 : undefined,
  };
}

/**
 * An answer of another issuer must not reach this one's token endpoint (RFC 9207).
 *
 * @param {string | null} named
 * @param {Pending} pending
 */
function checkIssuer(named, { issuer, namesIssuer }) {
  if (named === issuer || (named === null && !namesIssuer)) return;
  throw new SignInError(
    `The answer is of ${named ?? "an issuer that it does not name"}, expected ${issuer}`,
  );
}

/** Where the issuer sends the user back to: this page. */
function pageUrl() {
  return new URL("sse-test.html", document.baseURI).href;
}

/** @param {string} endpoint @param {Record<string, string>} parameters */
function withParameters(endpoint, parameters) {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

/**
 * The scopes that the server names, and a refresh token where the issuer gives one for asking.
 *
 * @param {readonly string[]} scopes
 * @param {IssuerMetadata} issuer
 * @returns {Record<string, string>}
 */
function scopeParameters(scopes, { scopes_supported: supported = [] }) {
  const isOffline = supported.includes(OFFLINE_ACCESS);
  const all = [...scopes, ...(isOffline ? [OFFLINE_ACCESS] : [])];
  return {
    ...(all.length > 0 && { scope: all.join(" ") }),
    // OpenID Connect Core, section 11: without consent the scope is left out.
    ...(isOffline && { prompt: "consent" }),
  };
}
