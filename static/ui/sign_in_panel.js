/**
 * Signing in on the page: by a pasted token, or in the browser at the issuer that the server names.
 *
 * @module
 */
import { findResource } from "../client/sign_in/discovery.js";
import { beginSignIn, finishSignIn, isAnswer } from "../client/sign_in/flow.js";
import { PastedToken } from "../client/sign_in/credential.js";
import { SignedIn } from "../client/sign_in/signed_in.js";
import { readGrant, storeGrant } from "../shared/grant.js";
import { byId, createElement } from "./dom.js";

/** @typedef {import("../client/sign_in/credential.js").Credential} Credential */

export class SignInPanel {
  #box = byId("sign-in-box", HTMLDetailsElement);
  #token = byId("token", HTMLInputElement);
  #clientId = byId("client-id", HTMLInputElement);
  #issuerField = byId("issuer-field", HTMLElement);
  #issuer = byId("issuer", HTMLSelectElement);
  #status = byId("sign-in-status", HTMLElement);
  #signIn = byId("sign-in", HTMLButtonElement);
  #signOut = byId("sign-out", HTMLButtonElement);
  #endpointOf;
  /** @type {SignedIn | undefined} */
  #signedIn;
  #isBusy = false;

  /** @param {() => string | undefined} endpointOf where to sign in for; saves the form */
  constructor(endpointOf) {
    this.#endpointOf = endpointOf;
    this.#signIn.addEventListener("click", () => void this.#try(() => this.#begin()));
    this.#signOut.addEventListener("click", () => this.#leave());
    const grant = readGrant();
    if (grant !== undefined) this.#use(grant);
    const answer = new URLSearchParams(location.search);
    if (!isAnswer(answer)) return;
    // The code is for this page alone: not for its history, nor for a bookmark.
    history.replaceState(null, "", location.pathname);
    void this.#try(() => this.#finish(answer));
  }

  /** What requests are sent with; a pasted token goes first. @returns {Credential} */
  get credential() {
    const pasted = this.#token.value.trim() || undefined;
    return pasted === undefined && this.#signedIn ? this.#signedIn : new PastedToken(pasted);
  }

  /** @param {() => Promise<void>} step */
  async #try(step) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await step();
    } catch (error) {
      this.#box.open = true;
      this.#say(error instanceof Error ? error.message : String(error));
    } finally {
      this.#isBusy = false;
    }
  }

  async #begin() {
    const endpoint = this.#endpointOf();
    if (endpoint === undefined) return;
    this.#say("Asking the server where to sign in …");
    const resource = await findResource(endpoint);
    const issuer = this.#chosenOf(resource.issuers);
    if (issuer === undefined) return this.#say("Choose the issuer, and sign in.");
    this.#say(`Asking ${issuer} …`);
    const url = await beginSignIn(resource, issuer, this.#clientId.value.trim());
    this.#say(`Going to ${url.origin} …`);
    location.assign(url);
  }

  /** @param {readonly string[]} issuers @returns {string | undefined} undefined where one is to be chosen */
  #chosenOf(issuers) {
    if (issuers.length === 1) return issuers[0];
    if (issuers.includes(this.#issuer.value)) return this.#issuer.value;
    this.#issuer.replaceChildren(
      ...issuers.map((issuer) => createElement("option", { value: issuer }, issuer)),
    );
    this.#issuerField.hidden = false;
    return undefined;
  }

  /** @param {URLSearchParams} answer */
  async #finish(answer) {
    this.#box.open = true;
    this.#say("Signing in …");
    const grant = await finishSignIn(answer);
    storeGrant(grant);
    this.#use(grant);
  }

  /** @param {import("../shared/grant.js").Grant} grant */
  #use(grant) {
    this.#signedIn = new SignedIn(grant, (why) => this.#forget(`Sign in again: ${why}`));
    this.#signOut.hidden = false;
    this.#say(`Signed in at ${grant.issuer}.`);
  }

  #leave() {
    void this.#signedIn?.revoke();
    this.#forget("Signed out.");
    this.#signIn.focus();
  }

  /** @param {string} words */
  #forget(words) {
    storeGrant(undefined);
    this.#signedIn = undefined;
    this.#signOut.hidden = true;
    this.#say(words);
  }

  /** @param {string} words */
  #say(words) {
    this.#status.textContent = words;
  }
}
