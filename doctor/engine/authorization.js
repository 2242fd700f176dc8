/**
 * Whether a client can find out where to get a token, as clients look for it (RFC 9728).
 *
 * @module
 */
import { ProbeError } from "./probe_error.js";
import { call, refusal, send } from "./request.js";

/**
 * @typedef {import("./request.js").ProbeContext} ProbeContext
 * @typedef {import("./findings.js").Finding} Finding
 * @typedef {import("./proxies.js").Fix} Fix
 */

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const PUBLIC_URL = { who: "Lifeline", what: "`MCP_PUBLIC_URL`, the address that clients use" };

/**
 * Problems on the way to a token; none if the server needs no token.
 *
 * @param {ProbeContext} context
 * @param {boolean} reachesIssuers whether other origins can be asked; a page cannot
 * @returns {Promise<Finding[]>} only the first problem, because later steps depend on it
 */
export async function authorizationFindings(context, reachesIssuers) {
  const challenge = await challengeOf(context);
  if (challenge === undefined) return [];
  const named = /resource_metadata="([^"]+)"/.exec(challenge)?.[1];
  if (named === undefined) return [noDocumentNamed(challenge)];
  const expected = documentUrl(context.url);
  if (named !== expected) return [wrongPlace(named, expected)];
  try {
    const { value } = await call(context, { method: "GET", url: named });
    const wrong = wrongDocument(value, context.url);
    if (wrong !== undefined) return [wrong];
    return reachesIssuers ? await issuerFindings(context, value.authorization_servers) : [];
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    return [missingDocument(named, error)];
  }
}

/**
 * The finding for a token that the server refused.
 *
 * @param {ProbeError} error of the request that carried it
 * @returns {Finding}
 */
export function refusedToken({ message }) {
  return {
    id: "auth_token",
    level: "problem",
    title: "The server refuses the token",
    evidence: `It says: ${message}.`,
    fixes: [{
      who: "Lifeline",
      what: "its log and the connection view have what was expected and what came",
    }],
  };
}

/**
 * The challenge to a request without credentials; undefined where it is let in, or refused for
 * something else.
 *
 * @param {ProbeContext} context
 */
async function challengeOf(context) {
  const { authorization: _, Authorization: __, ...headers } = context.headers;
  const anonymous = { ...context, headers };
  const sent = await send(anonymous, {
    url: context.url,
    headers: { accept: "application/json" },
    body: { jsonrpc: "2.0", id: "challenge", method: "ping" },
  });
  const { status, headers: answered } = sent.response;
  await refusal(anonymous, sent);
  return status === 401 ? answered.get("www-authenticate") ?? "" : undefined;
}

/** Where RFC 9728 puts the document of an endpoint. @param {string} endpoint */
function documentUrl(endpoint) {
  const { origin, pathname } = new URL(endpoint);
  return `${origin}${WELL_KNOWN}${pathname}`;
}

/** @param {string} challenge @returns {Finding} */
function noDocumentNamed(challenge) {
  const isReadable = challenge !== "";
  return {
    id: isReadable ? "auth_no_document" : "auth_no_challenge",
    level: isReadable ? "note" : "problem",
    title: isReadable
      ? "Clients need a key or a token, and cannot find out where to get one"
      : "The refusal has no challenge that a client could read",
    evidence: isReadable
      ? `The 401 says: ${challenge}. It names no document (resource_metadata).`
      : "The 401 came without WWW-Authenticate: something on the path removes it, or does not " +
        "let pages read it.",
    fixes: isReadable
      ? [{ who: "Lifeline", what: "`MCP_AUTH_ISSUERS`, if users are to sign in" }]
      : [{
        who: "the proxy",
        what: "pass on `WWW-Authenticate` and `Access-Control-Expose-Headers`",
      }],
  };
}

/** @param {string} named @param {string} expected @returns {Finding} */
function wrongPlace(named, expected) {
  return {
    id: "auth_public_url",
    level: "problem",
    title: "The server sends clients to another address for its document",
    evidence: `The challenge names ${named}; for this address it is ${expected}.`,
    fixes: [PUBLIC_URL],
  };
}

/** @param {string} url @param {ProbeError} error @returns {Finding} */
function missingDocument(url, error) {
  return {
    id: "auth_document",
    level: "problem",
    title: "The document that names the authorization server is missing",
    evidence: `GET ${url}: ${error.message}.`,
    fixes: [{
      who: "the proxy",
      what: `pass ${WELL_KNOWN} on to Lifeline, with all that follows it`,
    }],
  };
}

/**
 * @param {any} document
 * @param {string} endpoint
 * @returns {Finding | undefined}
 */
function wrongDocument(document, endpoint) {
  const { resource, authorization_servers: servers } = document ?? {};
  if (resource !== endpoint) {
    return {
      id: "auth_resource",
      level: "problem",
      title: "The document is for another resource, and strict clients refuse it",
      evidence: `Its resource is ${JSON.stringify(resource)}, expected "${endpoint}".`,
      fixes: [PUBLIC_URL],
    };
  }
  if (Array.isArray(servers) && servers.length > 0) return undefined;
  return {
    id: "auth_no_issuer",
    level: "problem",
    title: "The document names no authorization server",
    evidence: "authorization_servers is empty or missing.",
    fixes: [{ who: "Lifeline", what: "`MCP_AUTH_ISSUERS`" }],
  };
}

/** @param {ProbeContext} context @param {string[]} issuers @returns {Promise<Finding[]>} */
async function issuerFindings(context, issuers) {
  const findings = await Promise.all(issuers.map((issuer) => issuerFinding(context, issuer)));
  return findings.filter((finding) => finding !== undefined);
}

/** @param {ProbeContext} context @param {string} issuer @returns {Promise<Finding | undefined>} */
async function issuerFinding(context, issuer) {
  const faults = [];
  for (const url of issuerDocuments(issuer)) {
    try {
      const { value } = await call({ ...context, headers: {} }, { method: "GET", url });
      if (value?.issuer === issuer) return undefined;
      faults.push(`${url} names the issuer ${JSON.stringify(value?.issuer)}`);
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      faults.push(`${url}: ${error.message}`);
    }
  }
  return {
    id: "auth_issuer",
    level: "problem",
    title: `The authorization server ${issuer} has no metadata document`,
    evidence: `${faults.join("; ")}.`,
    fixes: [{
      who: "Lifeline",
      what: "`MCP_AUTH_ISSUERS`: the issuer as in the iss of its tokens, reachable from here",
    }],
  };
}

/** @param {string} issuer */
function issuerDocuments(issuer) {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}
