/**
 * The messages that a client under test received; a test can wait for further ones.
 *
 * @module
 */
import { soon } from "./patience.ts";

/** A JSON-RPC message as it came. */
// deno-lint-ignore no-explicit-any -- a test looks into whatever came
export type Message = any;

interface Waiter {
  readonly wants: (message: Message) => boolean;
  readonly resolve: (message: Message) => void;
}

/** All messages of one client, in the order of their arrival. */
export class Inbox {
  readonly messages: Message[] = [];
  readonly #waiters = new Set<Waiter>();

  put(message: Message): void {
    this.messages.push(message);
    for (const waiter of this.#waiters) {
      if (!waiter.wants(message)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(message);
    }
  }

  /** The first message, come or to come, that `wants` accepts. */
  async find(what: string, wants: (message: Message) => boolean): Promise<Message> {
    const here = this.messages.find(wants);
    if (here !== undefined) return here;
    const { promise, resolve } = Promise.withResolvers<Message>();
    const waiter = { wants, resolve };
    this.#waiters.add(waiter);
    const came = () => `${what}, only ${JSON.stringify(this.messages)} came`;
    return await soon(promise, came).finally(() => this.#waiters.delete(waiter));
  }

  /** The messages with that method. */
  named(method: string): Message[] {
    return this.messages.filter((message) => message.method === method);
  }

  /** The notification or request with that method. */
  method(method: string): Promise<Message> {
    return this.find(method, (message) => message.method === method);
  }

  /** The response to a request. */
  response(id: string | number): Promise<Message> {
    return this.find(
      `response ${JSON.stringify(id)}`,
      (message) => message.id === id && !("method" in message),
    );
  }
}
