/**
 * The credentials of callers with open streams. A stream ends when its caller's credential expires,
 * unless the same caller has sent a newer one.
 *
 * @module
 */
import type { Identity } from "../base/identity.ts";
import type { Settings } from "../base/settings.ts";
import type { CloseReason } from "./close_reason.ts";
import { TimerEntry, type TimerWheel } from "../base/timer_wheel.ts";

/** How often open streams are asked about: see the setting. */
export type CredentialLimits = Pick<Settings, "MCP_AUTH_RECHECK_MS">;

/** A stream with a known caller. */
export interface OwnedStream {
  readonly client: { readonly principal: string | undefined };
  close(reason: CloseReason): void;
}

/** The newest credential of one principal, shared by all of its streams. */
export class Credential extends TimerEntry {
  readonly principal: string;
  /** How many streams there are. */
  streams = 0;
  readonly #wheel: TimerWheel;
  readonly #recheckMs: number;
  readonly #onWithdrawn: () => void;
  #expiresAt = -Infinity;
  #recheck: Identity["recheck"];

  /** @param onWithdrawn told that the credential is good no more */
  constructor(
    principal: string,
    { wheel, recheckMs }: { readonly wheel: TimerWheel; readonly recheckMs: number },
    onWithdrawn: () => void,
  ) {
    super();
    this.principal = principal;
    this.#wheel = wheel;
    this.#recheckMs = recheckMs;
    this.#onWithdrawn = onWithdrawn;
  }

  /** Until when its streams may stay (ms since the Unix epoch); Infinity where it has no end. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** Takes up a credential that was just shown; an end that was set never comes nearer. */
  renew({ expiresAt = Infinity, recheck }: Identity): void {
    this.#expiresAt = Math.max(this.#expiresAt, expiresAt);
    if (recheck === this.#recheck) return;
    this.#recheck = recheck;
    this.#scheduleRecheck();
  }

  /** Called by the timer wheel. */
  onDue(): void {
    const recheck = this.#recheck;
    void recheck?.().then((isGood) => {
      if (this.streams === 0 || this.#recheck !== recheck) return;
      if (isGood) this.#scheduleRecheck();
      else this.#onWithdrawn();
    });
  }

  #scheduleRecheck(): void {
    if (this.#recheck === undefined) this.#wheel.cancel(this);
    else this.#wheel.schedule(this, this.#recheckMs);
  }
}

export class Credentials {
  readonly #wheel: TimerWheel;
  readonly #recheckMs: number;
  readonly #streams: () => Iterable<OwnedStream>;
  readonly #byPrincipal = new Map<string, Credential>();

  /** @param streams all that are open */
  constructor(
    wheel: TimerWheel,
    limits: CredentialLimits,
    streams: () => Iterable<OwnedStream>,
  ) {
    this.#wheel = wheel;
    this.#recheckMs = limits.MCP_AUTH_RECHECK_MS;
    this.#streams = streams;
  }

  /** The credential of a stream that opens; undefined for an anonymous client. */
  opened(identity: Identity | undefined): Credential | undefined {
    if (identity === undefined) return undefined;
    const { principal } = identity;
    const known = this.#byPrincipal.get(principal);
    const credential = known ?? this.#create(principal);
    if (known === undefined) this.#byPrincipal.set(principal, credential);
    credential.streams++;
    credential.renew(identity);
    return credential;
  }

  /** A stream of this client has ended. */
  closed(identity: Identity | undefined): void {
    const credential = identity && this.#byPrincipal.get(identity.principal);
    if (credential === undefined || --credential.streams > 0) return;
    this.#wheel.cancel(credential);
    this.#byPrincipal.delete(credential.principal);
  }

  /**
   * Ends all streams of a principal.
   *
   * @returns how many there were
   */
  end(principal: string, reason: CloseReason): number {
    const streams = [...this.#streams()]
      .filter(({ client }) => client.principal === principal);
    for (const stream of streams) stream.close(reason);
    return streams.length;
  }

  /** A caller has shown a credential: its streams may stay as long as that. */
  renew(identity: Identity): void {
    this.#byPrincipal.get(identity.principal)?.renew(identity);
  }

  #create(principal: string): Credential {
    const options = { wheel: this.#wheel, recheckMs: this.#recheckMs };
    return new Credential(principal, options, () => this.end(principal, "auth_expired"));
  }
}
