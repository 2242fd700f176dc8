/**
 * Messages for a stream that another instance has: they are brought there, and taken before their
 * sender hears of it.
 *
 * @module
 */
import { randomId } from "../base/ids.ts";
import type { Identity } from "../base/identity.ts";
import { Client } from "../stream/client.ts";
import { isPlanned, type PlannedReason } from "../stream/planned_end.ts";
import { isObject, type JsonRpcMessage, parseMessage } from "../wire/json_rpc.ts";
import { notRouted } from "./errors.ts";
import type { Body, Messenger } from "./messenger.ts";

/** A request that another instance brings to a stream. */
export interface Forwarded {
  /** Id of the stream. */
  readonly id: string;
  /** The client that sent it, as the instance that received the request identified it. */
  readonly client: Client;
  /** Origin of the web page that sends it, where there is one. */
  readonly page: string | undefined;
  /** Undefined for a stream that is to be closed. */
  readonly message: JsonRpcMessage | undefined;
}

/**
 * The answer of the instance that has the stream: it took the message, does not know the stream, or
 * has ended it by plan. The outcome is unknown if the instance may have taken the message, and gave no
 * answer.
 */
export type Reception = "taken" | "unknown" | "outcome_unknown" | EndedByPlan;

/** The reason for which a stream was ended by plan. */
export interface EndedByPlan {
  readonly ended: PlannedReason;
}

/** Brings messages to the streams of other instances, and takes theirs. */
export class Forwarding {
  readonly #fleet: Messenger;

  constructor(fleet: Messenger) {
    this.#fleet = fleet;
  }

  /**
   * Brings a request to the instance of its stream.
   *
   * @param place the dialect and the path of the endpoint that has such streams
   * @returns the answer of the stream's instance; undefined for a stream of this instance
   * @throws {ProtocolError} `not_routed` if its instance cannot be reached and will not take it later
   */
  bring(place: string, forwarded: Forwarded): Promise<Reception> | undefined {
    const holder = this.#fleet.holderOf(forwarded.id);
    return holder === undefined ? undefined : this.#ask(holder, place, forwarded);
  }

  /** Has what others bring to the streams of a place taken. */
  serve(place: string, take: (forwarded: Forwarded) => Reception): void {
    this.#fleet.on(`forward ${place}`, async ({ claim, stream, message, client, page }) => {
      if (typeof claim !== "string" || typeof stream !== "string" || !isObject(client)) {
        return "unknown";
      }
      // Its sender may have waited too long, and told its client that nothing was run.
      if (!await this.#fleet.claim(claim)) return undefined;
      const { address, userAgent, identity, headers } = client;
      return take({
        id: stream,
        page: typeof page === "string" ? page : undefined,
        message: message === undefined ? undefined : parseMessage(message),
        client: new Client({
          address: String(address),
          userAgent: String(userAgent),
          identity: isObject(identity) ? readIdentity(identity) : undefined,
          headers: isObject(headers) ? headers as Readonly<Record<string, string>> : undefined,
        }),
      });
    });
  }

  async #ask(
    holder: string,
    place: string,
    { id, message, client, page }: Forwarded,
  ): Promise<Reception> {
    const { address, userAgent, identity, headers } = client;
    const sender = { address, userAgent, identity, headers };
    const { upSince } = this.#fleet;
    if (upSince === Infinity) throw notRouted();
    if (await this.#fleet.stateOf(holder) === "dead") return "unknown";
    const claim = randomId("forward-");
    const body = { claim, stream: id, message, client: sender, page };
    let reply: unknown;
    try {
      reply = await this.#fleet.ask(holder, `forward ${place}`, body);
    } catch (error) {
      // The instance may only be slow: it does not take what this one claims before it.
      const isWithdrawn = await this.#isWithdrawn(claim, upSince);
      if (isWithdrawn) throw error;
      return isWithdrawn === undefined ? "outcome_unknown" : "taken";
    }
    if (reply === "taken") return reply;
    return isEndedByPlan(reply) ? reply : "unknown";
  }

  /**
   * Whether the message is kept from being taken; undefined if the store cannot tell.
   *
   * @param upSince since when the store was there as the message was sent: a break loses claims
   */
  async #isWithdrawn(claim: string, upSince: number): Promise<boolean | undefined> {
    try {
      const isWithdrawn = await this.#fleet.claim(claim);
      return this.#fleet.upSince === upSince ? isWithdrawn : undefined;
    } catch {
      // The store is away.
      return undefined;
    }
  }
}

function isEndedByPlan(reply: unknown): reply is EndedByPlan {
  return isObject(reply) && typeof reply.ended === "string" && isPlanned(reply.ended);
}

/** Reads an identity from the bus, to which only instances of this fleet may write. */
function readIdentity(given: Body): Identity {
  const { principal, clientId, scopes, claims, expiresAt } = given;
  return {
    principal: String(principal),
    clientId: typeof clientId === "string" ? clientId : undefined,
    scopes: Array.isArray(scopes) ? scopes.map(String) : undefined,
    claims: isObject(claims) ? claims : undefined,
    expiresAt: typeof expiresAt === "number" ? expiresAt : undefined,
  };
}
