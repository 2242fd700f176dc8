/**
 * The credential of a user who signed in: renewed before it expires and when the server refuses it.
 *
 * @module
 */
import { storeGrant } from "../../shared/grant.js";
import { IssuerRefusal, SignInError } from "./ask.js";
import { askForTokens } from "./flow.js";

/**
 * @typedef {import("../../shared/grant.js").Grant} Grant
 * @typedef {import("./credential.js").Credential} Credential
 */

/** A token that ends sooner is renewed before it is sent (ms). */
const MARGIN_MS = 10_000;

/** @implements {Credential} */
export class SignedIn {
  /** @type {Grant} */
  #grant;
  #onEnd;
  /** One renewal for all who need it: a refresh token may serve once. @type {Promise<string> | undefined} */
  #renewal;

  /**
   * @param {Grant} grant
   * @param {(why: string) => void} onEnd the issuer renews the grant no more
   */
  constructor(grant, onEnd) {
    this.#grant = grant;
    this.#onEnd = onEnd;
  }

  get issuer() {
    return this.#grant.issuer;
  }

  get token() {
    return this.#grant.accessToken;
  }

  get isRenewable() {
    return this.#grant.refreshToken !== undefined;
  }

  async fresh() {
    const { expiresAt = Infinity, accessToken } = this.#grant;
    const isDue = this.isRenewable && expiresAt - Date.now() < MARGIN_MS;
    return isDue ? await this.#renew() : accessToken;
  }

  /** @param {string | undefined} refused */
  async renew(refused) {
    // A renewal of another request may have come in between.
    if (refused !== this.token) return this.token;
    return this.isRenewable ? await this.#renew() : undefined;
  }

  /** Withdraws the grant at the issuer, where that can be asked. */
  async revoke() {
    const { revocationEndpoint, refreshToken, accessToken, clientId } = this.#grant;
    if (revocationEndpoint === undefined) return;
    const body = new URLSearchParams({ token: refreshToken ?? accessToken, client_id: clientId });
    // Nothing depends on it: the tokens are forgotten here in any case.
    await fetch(revocationEndpoint, { method: "POST", body, credentials: "omit" }).catch(() => {});
  }

  #renew() {
    this.#renewal ??= this.#refresh().finally(() => this.#renewal = undefined);
    return this.#renewal;
  }

  async #refresh() {
    const { tokenEndpoint, refreshToken = "", clientId, resource } = this.#grant;
    try {
      const tokens = await askForTokens(tokenEndpoint, {
        grant_type: "refresh_token",
        refresh_token: refreshToken,
        client_id: clientId,
        resource,
      });
      // An issuer that does not rotate sends no new refresh token.
      this.#grant = {
        ...this.#grant,
        ...tokens,
        refreshToken: tokens.refreshToken ?? refreshToken,
      };
      storeGrant(this.#grant);
      return this.#grant.accessToken;
    } catch (error) {
      if (!(error instanceof IssuerRefusal) || error.status >= 500) throw error;
      this.#onEnd(error.message);
      throw new SignInError(`Sign in again: ${error.message}`, { cause: error });
    }
  }
}
