import { messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { isObject } from "../wire/json_rpc.ts";
import type { Body, Handler } from "./messenger.ts";

/** The version of the messages that instances send each other. Those of another one are ignored. */
export const MESSAGE_VERSION = 1;
const log = logFor("store");

/** Sends the reply to a request of another instance. */
export type SendReply = (instance: string, body: Body) => void;

/** Takes the messages of instances, by their kinds. Messages of unknown kinds are ignored. */
export class Handlers {
  readonly #handlers = new Map<string, Handler[]>();
  readonly #reply: SendReply;

  constructor(reply: SendReply) {
    this.#reply = reply;
  }

  /** Registers a handler for messages of a kind; one kind may have several. */
  on(kind: string, handler: Handler): void {
    this.#handlers.set(kind, [...this.#handlers.get(kind) ?? [], handler]);
  }

  /** Takes a message, and replies if it is a request. */
  take(message: unknown): void {
    if (!isObject(message) || typeof message.kind !== "string") return;
    const { kind, from, v, id } = message;
    const handlers = this.#handlers.get(kind);
    if (handlers === undefined) return;
    // The store itself sends messages too, which have no sender and no version.
    if (from !== undefined && v !== MESSAGE_VERSION) return;
    const sender = typeof from === "string" ? from : "";
    const handled = handlers.map((handler) => Promise.try(() => handler(message, sender)));
    void Promise.all(handled).then(
      (replies) => {
        if (typeof id !== "string") return;
        // Only the endpoint that has the stream answers.
        const body = replies.find((reply) => reply !== undefined && reply !== "unknown");
        this.#reply(sender, { to: id, body: body ?? null });
      },
      (error) => log.warning("Message failed", { kind, error: messageOf(error) }),
    );
  }
}
