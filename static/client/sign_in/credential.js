/**
 * What requests of the page are sent with.
 *
 * @module
 */

/**
 * @typedef {object} Credential
 * @property {string | undefined} token the bearer token as it is now; undefined for none
 * @property {boolean} isRenewable whether a new token can be had without the user
 * @property {() => Promise<string | undefined>} fresh the token, renewed where it is about to expire
 * @property {(refused: string | undefined) => Promise<string | undefined>} renew another token than
 *   the one that the server refused; undefined where there is none
 */

/**
 * The credential of a user who pasted a token, or who has none.
 *
 * @implements {Credential}
 */
export class PastedToken {
  isRenewable = false;

  /** @param {string | undefined} token */
  constructor(token) {
    this.token = token;
  }

  fresh() {
    return Promise.resolve(this.token);
  }

  renew() {
    return Promise.resolve(undefined);
  }
}
