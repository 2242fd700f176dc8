import { ProtocolError } from "../base/errors.ts";
import type { ChildEnd } from "../base/server_report.ts";
import type { Call } from "../mcp/call.ts";
import { NOTIFICATIONS } from "../wire/methods.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type { PlaceHolder } from "./child_places.ts";
import { HeldCall } from "./held_call.ts";
import type { GatewayServer } from "./server.ts";
import { questionOf } from "./session_link.ts";
import type { SessionServer } from "./session_servers.ts";
import { clientOf } from "./share.ts";

/** Calls that may wait for a process of one server. */
const MAX_WAITING = 1_000;

/** One process, and the call that it runs. */
interface Member {
  readonly server: GatewayServer;
  /** Whether a call runs, or is about to. */
  isTaken: boolean;
  call: HeldCall | undefined;
  /** Holds its place; undefined for the first, whose place is that of its clients. */
  readonly holder: PlaceHolder | undefined;
}

/**
 * Processes of one server that may ask clients. Each runs one call at a time, because a question
 * does not say to which call it belongs.
 */
export class AskingPool {
  readonly #definition: SessionServer;
  readonly #capabilities: JsonObject;
  readonly #maxMembers: number;
  readonly #members: Member[] = [];
  readonly #waiting: ((member: Member) => void)[] = [];

  /** @param client the key of the client that the first process is started for */
  constructor(
    definition: SessionServer,
    { client, capabilities, maxMembers }: {
      readonly client: string;
      readonly capabilities: JsonObject;
      readonly maxMembers: number;
    },
  ) {
    this.#definition = definition;
    this.#capabilities = capabilities;
    this.#maxMembers = maxMembers;
    this.#members.push(this.#create(client));
  }

  /** The process that tells which features there are. */
  get first(): GatewayServer {
    return this.#members[0]!.server;
  }

  get isBusy(): boolean {
    return this.#members.some(({ isTaken }) => isTaken);
  }

  /**
   * Begins a call.
   *
   * @throws {ProtocolError} `overloaded` if too many calls wait
   */
  async start(call: Call, method: string, params: JsonObject): Promise<HeldCall> {
    const member = await this.#take(clientOf(call.scope.caller));
    if (call.signal.aborted) {
      this.#release(member);
      throw call.signal.reason;
    }
    const held = new HeldCall(call, (options) => member.server.request(method, params, options));
    member.call = held;
    const release = () => this.#release(member);
    held.ended.then(release, release);
    return held;
  }

  async stop(reason: ChildEnd): Promise<void> {
    await Promise.all(this.#members.map((member) => this.#end(member, reason)));
  }

  async #end({ server, holder }: Member, reason: ChildEnd): Promise<void> {
    this.#definition.interest.detach(server);
    if (holder !== undefined) this.#definition.places.free(holder);
    await server.stop(reason);
  }

  #take(client: string): Member | Promise<Member> {
    const isFull = this.#members.length >= this.#maxMembers || this.#definition.places.isFull;
    const free = this.#members.find(({ isTaken }) => !isTaken) ??
      (isFull ? undefined : this.#add(client));
    if (free !== undefined) {
      free.isTaken = true;
      return free;
    }
    if (this.first.tally.waiting >= MAX_WAITING) {
      throw new ProtocolError("overloaded", `${MAX_WAITING} calls wait for this server`, {
        headers: { "retry-after": "5" },
      });
    }
    this.first.tally.waiting++;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(member: Member): void {
    member.call = undefined;
    const next = this.#waiting.shift();
    if (next === undefined) return void (member.isTaken = false);
    this.first.tally.waiting--;
    next(member);
  }

  /** Adds a process at a free place. */
  #add(client: string): Member {
    const holder: PlaceHolder = {
      client: undefined,
      get isBusy() {
        return member.isTaken;
      },
      // An idle one keeps no state that a client relies on, so it goes before all others.
      usedAt: 0,
      evict: () => {
        this.#members.splice(this.#members.indexOf(member), 1);
        void this.#end(member, "evicted");
      },
    };
    const member = this.#create(client, holder);
    this.#members.push(member);
    this.#definition.places.take(holder);
    return member;
  }

  #create(client: string, holder?: PlaceHolder): Member {
    const member: Member = {
      isTaken: false,
      call: undefined,
      holder,
      server: this.#definition.create({
        capabilities: this.#capabilities,
        policy: "asking",
        client,
        onQuestion: (method, params) => {
          const question = questionOf(method, params);
          if (question !== undefined && member.call !== undefined) return member.call.ask(question);
          const why = question === undefined
            ? `Clients cannot be asked for ${method}`
            : "No call runs that this question could belong to";
          return Promise.reject(new Error(why));
        },
      }),
    };
    member.server.onNotification = ({ method, params = {} }) => {
      if (method === NOTIFICATIONS.message) member.call?.log(params);
    };
    this.#definition.interest.attach(member.server);
    member.server.countClients = () => member.isTaken ? 1 : 0;
    return member;
  }
}
