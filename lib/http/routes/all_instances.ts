/**
 * The connection view of all instances that share a store. This instance asks each other one for its
 * part, and names those that do not answer in time.
 *
 * @module
 */
import { ProtocolError } from "../../base/errors.ts";
import type { CloseReason } from "../../stream/close_reason.ts";
import { notRouted } from "../../fleet/errors.ts";
import type { Fleet } from "../../fleet/fleet.ts";
import type { EndedCounts, LedgerView } from "../ledger_view.ts";
import { isPageQuery, type PageQuery } from "./connection_page.ts";
import { notFound, severalBeginSo } from "./find_stream.ts";
import { readCounts, readView } from "./instance_answer.ts";
import { mergeViews } from "./merged_view.ts";

/** The operator's view of one instance. */
export interface OwnView {
  view(wanted: PageQuery): LedgerView;
  /** @throws {ProtocolError} `connection_not_found`; `invalid_params` if several ids begin like this */
  disconnect(id: string): void;
  /** @param reason default: `disconnected` */
  endPrincipal(principal: string, reason?: CloseReason): EndedCounts;
}

/** Time for the answer of an instance to a view (ms). */
const VIEW_MS = 1_000;
/** Most connections that each instance sends: all up to the end of the page. */
const MAX_ROWS = 10_000;

/** Looks at the connections of all instances, and ends them wherever they are. */
export class AllInstances {
  readonly #fleet: Fleet;
  readonly #own: OwnView;

  constructor(fleet: Fleet, own: OwnView) {
    this.#fleet = fleet;
    this.#own = own;
  }

  /** Registers the handlers for the requests of other instances. */
  serve(): void {
    this.#fleet.on("view", ({ wanted }) => {
      return isPageQuery(wanted) ? this.#viewOf(wanted) : undefined;
    });
    this.#fleet.on("disconnect", ({ connection }) => this.#takeFor(String(connection)));
    this.#fleet.on("endPrincipal", ({ principal, reason }, from) => {
      if (from === this.#fleet.me || typeof principal !== "string") return undefined;
      return this.#own.endPrincipal(
        principal,
        reason === "auth_expired" ? "auth_expired" : "disconnected",
      );
    });
  }

  /** @throws {ProtocolError} `invalid_params` for a page that is too far down */
  async view(wanted: PageQuery): Promise<LedgerView> {
    const limit = wanted.offset + wanted.limit;
    if (limit > MAX_ROWS) {
      throw new ProtocolError(
        "invalid_params",
        `"offset" and "limit" may be ${MAX_ROWS} together where instances share a store; "filter" ` +
          "finds what is further down",
      );
    }
    const { me } = this.#fleet;
    // Any row of an instance may be on the page of all, so each gives its rows from the first on.
    const part = { ...wanted, offset: 0, limit };
    const others = await this.#fleet.askAll("view", { wanted: part }, VIEW_MS);
    const own = this.#viewOf(part);
    const answers = others.map(({ name, reply }) => ({ name, view: readView(reply) }));
    return mergeViews([{ name: me, view: own }, ...answers], wanted);
  }

  /**
   * Closes a connection: by its whole id at the instance that the id names, by its shown name at
   * whichever instance has it.
   *
   * @throws {ProtocolError} `connection_not_found`; `invalid_params` if several ids begin like this;
   *   `not_routed` if an instance that may have it cannot be reached
   */
  async disconnect(id: string): Promise<void> {
    const holder = this.#fleet.holderOf(id);
    if (holder !== undefined && await this.#fleet.stateOf(holder) !== "dead") {
      const reply = await this.#fleet.ask(holder, "disconnect", { connection: id });
      if (reply !== "closed") throw notFound();
    } else if (this.#take(id) !== "closed") await this.#disconnectElsewhere(id);
  }

  /** Ends all streams and sessions of a principal at all instances. */
  async endPrincipal(principal: string): Promise<EndedCounts> {
    const own = this.#own.endPrincipal(principal, "disconnected");
    const others = await this.#fleet.askAll("endPrincipal", {
      principal,
      reason: "disconnected",
    });
    const counts = others.map(({ reply }) => readCounts(reply));
    const silent = others.filter((_, index) => counts[index] === undefined).map(({ name }) => name);
    const sum = (amount: (one: EndedCounts) => number) =>
      counts.reduce((total, one) => total + (one === undefined ? 0 : amount(one)), amount(own));
    return {
      streams: sum(({ streams }) => streams),
      sessions: sum(({ sessions }) => sessions),
      ...(silent.length > 0 && { silent_instances: silent }),
    };
  }

  /** The name of an instance is a filter, too, for all of its connections. */
  #viewOf(wanted: PageQuery): LedgerView {
    return this.#own.view(wanted.filter === this.#fleet.me ? { ...wanted, filter: "" } : wanted);
  }

  async #disconnectElsewhere(id: string): Promise<void> {
    const others = await this.#fleet.askAll("disconnect", { connection: id });
    const replies = others.map(({ reply }) => reply);
    if (replies.includes("closed")) return;
    if (replies.includes("several")) throw severalBeginSo();
    if (replies.includes(undefined)) throw notRouted();
    throw notFound();
  }

  /** @throws {ProtocolError} `invalid_params` if several ids of this instance begin like this */
  #take(id: string): "closed" | undefined {
    try {
      this.#own.disconnect(id);
      return "closed";
    } catch (error) {
      if (error instanceof ProtocolError && error.kind === "connection_not_found") return undefined;
      throw error;
    }
  }

  /** The reply to another instance. */
  #takeFor(id: string): "closed" | "several" | undefined {
    try {
      return this.#take(id);
    } catch {
      return "several";
    }
  }
}
