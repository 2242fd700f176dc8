/**
 * Requests of the sign-in: JSON from this server and from the issuer, with words for what a browser
 * hides.
 *
 * @module
 */
import { tryParse } from "../../shared/json.js";

/** Signing in failed; the message is for the user. */
export class SignInError extends Error {
  /** @override */
  name = "SignInError";
}

/** The issuer refused, with an error of RFC 6749 where its body has one. */
export class IssuerRefusal extends SignInError {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Time for one answer (ms). */
const TIMEOUT_MS = 10_000;

/**
 * Asks for a JSON object.
 *
 * @param {string} url
 * @param {RequestInit} [init]
 * @returns {Promise<any>} the object
 * @throws {IssuerRefusal} for a status that is no success, and for a body that is no JSON object
 * @throws {SignInError} where no answer can be read
 */
export async function askJson(url, init = {}) {
  const response = await ask(url, init);
  const value = tryParse(await response.text());
  if (response.ok && typeof value === "object" && value !== null) return value;
  const told = [value?.error, value?.error_description].filter((part) => typeof part === "string");
  const what = told.length > 0 ? `${response.status}, ${told.join(": ")}` : response.status;
  const fault = response.ok ? "no JSON object" : what;
  throw new IssuerRefusal(response.status, `${url} answers ${fault}`);
}

/** @param {string} url @param {RequestInit} init */
async function ask(url, init) {
  try {
    return await fetch(url, {
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      ...init,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new SignInError(
      `${url} cannot be read from this page: it is down, or it does not let pages of ` +
        `${location.origin} read its answers (CORS)`,
      { cause: error },
    );
  }
}
