/**
 * Messages for a stream that another instance has: they are brought there, and taken before their
 * sender hears of it.
 *
 * @module
 */
import type { Identity } from "../base/identity.ts";
import { Client } from "../stream/client.ts";
import { isObject, type JsonRpcMessage, parseMessage } from "../wire/json_rpc.ts";
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

/** The answer of the instance that has the stream. */
export type Reception = "taken" | "unknown" | "ended";

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
   * @throws {ProtocolError} `not_routed` where its instance cannot be reached
   */
  bring(place: string, forwarded: Forwarded): Promise<Reception> | undefined {
    const holder = this.#fleet.holderOf(forwarded.id);
    return holder === undefined ? undefined : this.#ask(holder, place, forwarded);
  }

  /** Has what others bring to the streams of a place taken. */
  serve(place: string, take: (forwarded: Forwarded) => Reception): void {
    this.#fleet.on(`forward ${place}`, ({ stream, message, client, page }) => {
      if (typeof stream !== "string" || !isObject(client)) return "unknown";
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
    if (await this.#fleet.stateOf(holder) === "dead") return "unknown";
    const body = { stream: id, message, client: sender, page };
    const reply = await this.#fleet.ask(holder, `forward ${place}`, body);
    return reply === "taken" || reply === "ended" ? reply : "unknown";
  }
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
