/**
 * Identifies the sender of a request by its headers. Verdicts are cached.
 *
 * @module
 */
import { addressKey } from "../base/address.ts";
import { sha256Text } from "../base/node.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import { AuthFailure } from "./auth_failure.ts";
import { type Credential, readCredential } from "./credential.ts";
import { FailureScores } from "./failure_scores.ts";
import type { KnownCaller } from "./identity.ts";
import { Verdicts } from "./verdicts.ts";
import type { AuthContext, Recognized, Way } from "./way.ts";

/** Dependencies of an {@linkcode Authenticator}. */
export interface AuthenticatorOptions {
  /** Tried in this order; the first that recognizes a credential decides. */
  readonly ways: readonly Way[];
  /** Header for keys beside `Authorization`, where there is one. */
  readonly keyHeader: string | undefined;
  /** Number of refused credentials after which an address is refused unchecked. */
  readonly maxFailures: number;
  /** Ms since the Unix epoch. */
  readonly now: () => number;
}

/** The parts of a request that identify its sender. */
export interface AuthRequest extends AuthContext {
  /** The URL's query, with its `?`. */
  readonly query: string;
}

/** Most credentials that are being checked at once. */
const MAX_CHECKS = 2_000;
/** Of one address, which may be the proxy of a thousand clients that come back together. */
const MAX_CHECKS_PER_ADDRESS = 1_500;

/** Finds out who sends a request, by its credential. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #verdicts = new Verdicts();
  readonly #failures: FailureScores;
  readonly #isShareable: boolean;
  /** Running checks by hash, so that many requests with one token cause one check. */
  readonly #checks = new Map<string, Promise<Recognized | AuthFailure>>();
  /** The number of running checks by the key of the address. */
  readonly #checksBy = new Map<string, number>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#isShareable = options.ways.every(({ isShareable }) => isShareable);
    this.#failures = new FailureScores(options.maxFailures);
  }

  /** The header for keys alone; undefined without one. */
  get keyHeader(): string | undefined {
    return this.#options.keyHeader;
  }

  /**
   * Identifies the sender of a request; synchronous if the verdict is cached.
   *
   * @throws {AuthFailure} also as a rejection, if the request is refused
   */
  authenticate(request: AuthRequest): MaybePromise<KnownCaller> {
    const { keyHeader, now } = this.#options;
    const { headers, query } = request;
    const header = headers.get("Authorization");
    const isAlone = query === "" && (keyHeader === undefined || !headers.has(keyHeader));
    if (header !== null && isAlone) {
      const caller = this.#verdicts.ofHeader(header, now());
      if (caller !== undefined) return caller;
    }
    const credential = readCredential(header, headers, { keyHeader, query });
    if (credential === undefined) throw this.#missing();
    const hash = hashOf(credential);
    const kept = this.#verdicts.get(hash, now());
    if (kept !== undefined && !(kept instanceof AuthFailure)) {
      if (header !== null && isAlone) this.#verdicts.keepHeader(header, hash);
      return kept;
    }
    const client = addressKey(request.peer.address);
    this.#checkFailures(client);
    if (kept !== undefined) return this.#conclude(kept, client);
    const verdict = this.#check(hash, credential, { context: request, client });
    return isPromise(verdict)
      ? verdict.then((settled) => this.#conclude(settled, client))
      : this.#conclude(verdict, client);
  }

  /** Forgets all verdicts, as keys have changed. */
  forget(): void {
    this.#verdicts.clear();
  }

  #missing(): AuthFailure {
    const { keyHeader } = this.#options;
    const either = keyHeader === undefined ? "" : `, or a key in the header ${keyHeader}`;
    return new AuthFailure("missing", `Send a token in the header Authorization: Bearer${either}`);
  }

  /** @param client the key of its address */
  #checkFailures(client: string): void {
    const retryMs = this.#failures.waitMs(client, this.#options.now());
    if (retryMs === 0) return;
    throw new AuthFailure(
      "too_many",
      "Too many tokens of this address were refused (MCP_MAX_AUTH_FAILURES)",
      {
        retryMs,
        keepMs: 0,
      },
    );
  }

  #conclude(verdict: Recognized | AuthFailure, client: string): KnownCaller {
    if (!(verdict instanceof AuthFailure)) return verdict.identity;
    if (verdict.reason !== "unavailable") this.#failures.record(client, this.#options.now());
    throw verdict;
  }

  #check(
    hash: string,
    credential: Credential,
    { context, client }: { readonly context: AuthContext; readonly client: string },
  ): MaybePromise<Recognized | AuthFailure> {
    const running = this.#checks.get(hash);
    if (running !== undefined) return running;
    const ofClient = this.#checksBy.get(client) ?? 0;
    if (this.#checks.size >= MAX_CHECKS || ofClient >= MAX_CHECKS_PER_ADDRESS) {
      const whose = ofClient >= MAX_CHECKS_PER_ADDRESS ? " of this address" : "";
      const why = `Too many tokens${whose} are being checked; try again later`;
      throw new AuthFailure("unavailable", why, { retryMs: 1_000 });
    }
    const verdict = this.#tryWays(credential, context);
    if (!isPromise(verdict)) return this.#keep(hash, verdict);
    if (!this.#isShareable) return verdict.then((settled) => this.#keep(hash, settled));
    this.#countCheck(client, 1);
    const check = verdict.then((settled) => this.#keep(hash, settled)).finally(() => {
      this.#countCheck(client, -1);
      this.#checks.delete(hash);
    });
    this.#checks.set(hash, check);
    return check;
  }

  #countCheck(client: string, change: 1 | -1): void {
    const count = (this.#checksBy.get(client) ?? 0) + change;
    if (count === 0) this.#checksBy.delete(client);
    else this.#checksBy.set(client, count);
  }

  #keep(hash: string, verdict: Recognized | AuthFailure): Recognized | AuthFailure {
    this.#verdicts.keep(hash, verdict, this.#options.now());
    return verdict;
  }

  /** Tries one way after the other; synchronous if each way is. */
  #tryWays(
    credential: Credential,
    context: AuthContext,
    from = 0,
    before?: AuthFailure,
  ): MaybePromise<Recognized | AuthFailure> {
    const { ways } = this.#options;
    let failure = before;
    for (let index = from; index < ways.length; index++) {
      const way = ways[index];
      if (way === undefined || (credential.isKey && !way.takesKeys)) continue;
      const verdict = way.verify(credential, context);
      if (isPromise(verdict)) {
        return verdict.then((settled) =>
          isFinal(settled)
            ? settled
            : this.#tryWays(credential, context, index + 1, telling(failure, settled))
        );
      }
      if (isFinal(verdict)) return verdict;
      failure = telling(failure, verdict);
    }
    return failure ?? new AuthFailure("unknown", "No way to check this kind of token is set up");
  }
}

function isFinal(verdict: Recognized | AuthFailure): verdict is Recognized {
  return !(verdict instanceof AuthFailure && verdict.isForeign);
}

/** The more specific of two failures. */
function telling(before: AuthFailure | undefined, next: Recognized | AuthFailure): AuthFailure {
  const failure = next as AuthFailure;
  return before === undefined || before.reason === "unknown" ? failure : before;
}

/** A key and a token of the same text are not judged alike. */
function hashOf({ token, isKey }: Credential): string {
  const hash = sha256Text(token);
  return isKey ? `key ${hash}` : hash;
}
