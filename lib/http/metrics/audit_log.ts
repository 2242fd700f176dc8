import type { Clock } from "../../base/clock.ts";
import { logFor } from "../../base/log.ts";
import type { ObservedCall, Observer, Outcome } from "../../base/observer.ts";
import { isObject } from "../../wire/json_rpc.ts";
import { METHODS } from "../../wire/methods.ts";

const log = logFor("audit");
/** Longest name that is logged, in characters: clients choose it. */
const MAX_NAME = 128;
/** Requests that run something of the server's author, by the parameter that names it. */
const AUDITED: ReadonlyMap<string, string | undefined> = new Map([
  [METHODS.callTool, "name"],
  [METHODS.getPrompt, "name"],
  // A URI may hold what only its owner should read.
  [METHODS.readResource, undefined],
]);

/** The caller in an audit line. */
interface AuditedCaller {
  readonly address: string;
  readonly principal?: string | undefined;
  readonly clientId?: string | undefined;
}

/** Logs the caller, name and outcome of each call (`MCP_AUDIT`), but never arguments. */
export class AuditLog implements Partial<Observer> {
  readonly #clock: Clock;

  /** @param clock of the timer wheel, on which calls note when they begin */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  requestFinished({ request, startedAt, scope }: ObservedCall, outcome: Outcome): void {
    this.#write(request, scope?.caller, {
      outcome,
      duration_ms: Math.round((this.#clock() - startedAt) * 10) / 10,
    });
  }

  /**
   * Logs calls that were refused before they ran.
   *
   * @param messages of the body; only calls are logged
   */
  logRefused(messages: readonly unknown[], caller: AuditedCaller): void {
    for (const message of messages) {
      if (!isObject(message) || typeof message.method !== "string") continue;
      const params = isObject(message.params) ? message.params : {};
      this.#write({ method: message.method, params }, caller, { outcome: "insufficient_scope" });
    }
  }

  #write(
    { method, params }: ObservedCall["request"],
    caller: AuditedCaller | undefined,
    end: { readonly outcome: string; readonly duration_ms?: number },
  ): void {
    if (!AUDITED.has(method)) return;
    const name = params?.[AUDITED.get(method) ?? ""];
    log.info("Audit", {
      principal: caller?.principal ?? "anonymous",
      ...(caller?.clientId !== undefined && { client_id: caller.clientId }),
      client_ip: caller?.address,
      method,
      ...(typeof name === "string" && { name: name.slice(0, MAX_NAME) }),
      ...end,
    });
  }
}
