import { ProtocolError } from "../../base/errors.ts";
import type { Signer } from "../../base/signer.ts";
import type { Negotiated } from "../../mcp/session/client_state.ts";

/** What a session id says: all that was negotiated, so that any server with the key can read it. */
export interface SessionToken extends Negotiated {
  /** The random key under which servers know the session. */
  readonly key: string;
  /** A digest of the principal it belongs to, as the id can be read by whoever sees it. */
  readonly owner: string | undefined;
  /** When it was issued, in ms since the epoch. */
  readonly at: number;
}

const PURPOSE = "session";
/** Why an id is refused that does not belong to a session of its sender. */
export const UNKNOWN_ID = "it was not issued by this server, or its key changed";

/** Makes and reads session ids. */
export class SessionTokens {
  readonly #signer: Signer;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** What an id says of its owner; undefined for an anonymous one. */
  ownerOf(principal: string | undefined): string | undefined {
    return principal === undefined ? undefined : this.#signer.digest(PURPOSE, principal);
  }

  /** The id that says this. */
  write(token: SessionToken): string {
    return this.#signer.signJson(PURPOSE, token);
  }

  /** @throws {ProtocolError} `session_not_found` for an id that was not issued with this key */
  read(id: string): SessionToken {
    const token = this.#signer.verifyJson(PURPOSE, id) as SessionToken | undefined;
    if (token !== undefined) return token;
    throw sessionNotFound(UNKNOWN_ID);
  }
}

/** What a client is told whose session is gone, with the reason. */
export function sessionNotFound(why: string): ProtocolError {
  return new ProtocolError(
    "session_not_found",
    `Session not found: ${why}; send initialize without Mcp-Session-Id to open a new one`,
  );
}
