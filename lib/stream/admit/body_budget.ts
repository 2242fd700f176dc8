import type { Settings } from "../../base/settings.ts";

/** See the settings. */
export type BodyBudgetLimits = Pick<
  Settings,
  "MCP_MAX_TOTAL_BODY_BYTES" | "MCP_MAX_BODY_BYTES_PER_CLIENT"
>;

/** Which limit of bodies is reached. */
export type BodyRefusal = "body_bytes" | "body_bytes_per_client";

/**
 * The bytes of all large bodies that are being read or belong to running requests. A body is
 * admitted before it is read, because afterwards it is in memory already.
 */
export class BodyBudget {
  readonly #limits: BodyBudgetLimits;
  readonly #refuse: (refusal: BodyRefusal, client: string) => never;
  readonly #byClient = new Map<string, number>();
  #total = 0;
  #dispatched: BodyLease | undefined;

  /** @param refuse throws the error for the client */
  constructor(
    limits: BodyBudgetLimits,
    refuse: (refusal: BodyRefusal, client: string) => never,
  ) {
    this.#limits = limits;
    this.#refuse = refuse;
  }

  get total(): number {
    return this.#total;
  }

  /** Bytes of one client. */
  of(client: string): number {
    return this.#byClient.get(client) ?? 0;
  }

  /** A lease of no bytes yet. */
  lease(client: string): BodyLease {
    return new BodyLease(this, client);
  }

  /** @throws {ProtocolError} if a limit is reached */
  admit(client: string, bytes: number): void {
    const { MCP_MAX_TOTAL_BODY_BYTES, MCP_MAX_BODY_BYTES_PER_CLIENT } = this.#limits;
    if (this.of(client) + bytes > MCP_MAX_BODY_BYTES_PER_CLIENT) {
      this.#refuse("body_bytes_per_client", client);
    }
    if (this.#total + bytes > MCP_MAX_TOTAL_BODY_BYTES) this.#refuse("body_bytes", client);
    this.#count(client, bytes);
  }

  free(client: string, bytes: number): void {
    this.#count(client, -bytes);
  }

  /**
   * Runs the function that answers a body. A request that keeps running may hold the body's lease.
   */
  dispatch<T>(lease: BodyLease, answer: () => T): T {
    this.#dispatched = lease;
    try {
      return answer();
    } finally {
      this.#dispatched = undefined;
    }
  }

  /**
   * Called for a request that does not end at once, while its body is dispatched.
   *
   * @returns to be called when it has ended; undefined where its body is small
   */
  hold(): (() => void) | undefined {
    return this.#dispatched?.hold();
  }

  #count(client: string, delta: number): void {
    this.#total += delta;
    const left = this.of(client) + delta;
    if (left > 0) this.#byClient.set(client, left);
    else this.#byClient.delete(client);
  }
}

/** The bytes of one body, as long as they are in use. */
export class BodyLease {
  readonly #budget: BodyBudget;
  readonly #client: string;
  #bytes = 0;
  #holders = 0;

  constructor(budget: BodyBudget, client: string) {
    this.#budget = budget;
    this.#client = client;
  }

  /**
   * Counts more bytes.
   *
   * @throws {ProtocolError} if a limit is reached
   */
  grow(bytes: number): void {
    this.#budget.admit(this.#client, bytes);
    this.#bytes += bytes;
  }

  /** @returns releases the lease; further calls do nothing */
  hold(): () => void {
    this.#holders++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#holders > 0) return;
      this.#budget.free(this.#client, this.#bytes);
      this.#bytes = 0;
    };
  }
}
