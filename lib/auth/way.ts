/**
 * A way to know a caller: static keys, JWTs, introspection, or a function of the library's user.
 *
 * @module
 */
import type { MaybePromise } from "../base/promises.ts";
import type { AuthFailure } from "./auth_failure.ts";
import type { Credential } from "./credential.ts";
import type { KnownCaller } from "./identity.ts";

/** The request's data that a way may use besides the credential. */
export interface AuthContext {
  readonly headers: Headers;
  readonly peer: { readonly address: string };
}

/** A credential that was recognized. */
export interface Recognized {
  readonly identity: KnownCaller;
  /** How long the verdict may be used again (ms); it never outlives the credential. */
  readonly keepMs: number;
}

/** Checks credentials. */
export interface Way {
  /** Whether it takes credentials of the header for keys. */
  readonly takesKeys: boolean;
  /** Whether the credential alone decides, so that one check serves all who wait for it. */
  readonly isShareable: boolean;
  /** Recognizes a credential, or says why not. Never throws and never rejects. */
  verify(credential: Credential, context: AuthContext): MaybePromise<Recognized | AuthFailure>;
}
