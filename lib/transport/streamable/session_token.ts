import { ProtocolError } from "../../base/errors.ts";
import type { Signer } from "../../base/signer.ts";
import type { Negotiated } from "../../mcp/session/client_state.ts";

/**
 * The contents of a session id: all that a server needs to restore the session. They are sealed, so
 * that an id shows nothing about its client.
 */
export interface SessionToken extends Negotiated {
  /** The random key under which servers know the session. */
  readonly key: string;
  /** A digest of its principal, which is shorter. */
  readonly owner: string | undefined;
  /** The web page that opened it. */
  readonly page: string | undefined;
  /** When it was issued, in ms since the epoch. */
  readonly at: number;
}

const PURPOSE = "session";
/** Why an id is refused that does not belong to a session of its sender. */
const UNKNOWN_ID = "it was not issued by this server, or its key changed";

/** Makes and reads session ids. */
export class SessionTokens {
  readonly #signer: Signer;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** The owner's digest for an id; undefined for an anonymous owner. */
  ownerOf(principal: string | undefined): string | undefined {
    return principal === undefined ? undefined : this.#signer.digest(PURPOSE, principal);
  }

  /**
   * Whether an id with this owner belongs to a principal; undefined stands for an anonymous caller.
   */
  isOwner(owner: string | undefined, principal: string | undefined): boolean {
    if (owner === undefined || principal === undefined) return owner === principal;
    return this.#signer.isDigest(owner, PURPOSE, principal);
  }

  /** The id that says this. */
  write(token: SessionToken): string {
    return this.#signer.sealJson(PURPOSE, token);
  }

  /** @throws {ProtocolError} `session_not_found` for an id that was not issued with this key */
  read(id: string): SessionToken {
    const token = this.#signer.openJson(PURPOSE, id) as SessionToken | undefined;
    if (token !== undefined) return token;
    throw sessionNotFound(UNKNOWN_ID);
  }
}

/** The error for a session that is gone, with the reason. */
export function sessionNotFound(why: string): ProtocolError {
  return new ProtocolError(
    "session_not_found",
    `Session not found: ${why}; send initialize without Mcp-Session-Id to open a new one`,
  );
}

/** The same as for an id that was never issued: who guesses ids learns nothing. */
export function foreignSession(): ProtocolError {
  return sessionNotFound(UNKNOWN_ID);
}
