import { EventReader } from "../../helpers/sse.ts";
import { openSession, post, resume } from "../instances.ts";
import {
  ANSWER,
  type LoadClient,
  note,
  nothingSeen,
  PATIENCE_MS,
  pause,
  type Seen,
  sendUntilTaken,
  within,
  type Work,
  workCall,
} from "./client.ts";

const CAPABILITIES = { elicitation: {} };

/** The first revision with questions to the user. */
const ASKING_SINCE = "2025-06-18";

/** A client of the 2025 revisions that comes back to each response that it loses. */
export class SessionClient implements LoadClient {
  readonly name: string;
  readonly canBeAsked: boolean;
  readonly #url: string;
  readonly #session: Record<string, string>;
  /** Time without a byte after which it leaves a response (ms). */
  readonly #idleMs: number;
  /** Answers on their way. */
  readonly #answering: Promise<void>[] = [];

  private constructor(
    version: string,
    url: string,
    session: Record<string, string>,
    idleMs: number,
  ) {
    this.name = version;
    this.canBeAsked = version >= ASKING_SINCE;
    this.#url = url;
    this.#session = session;
    this.#idleMs = idleMs;
  }

  static async open(version: string, url: string, idleMs: number): Promise<SessionClient> {
    const session = await openSession(url, { capabilities: CAPABILITIES, version });
    return new SessionClient(version, url, session, idleMs);
  }

  async call(work: Work): Promise<Seen> {
    const startedAt = performance.now();
    const seen = nothingSeen();
    const position = { last: "" };
    try {
      const response = await post(this.#url, workCall(work), this.#session, this.#idleMs);
      if (response.headers.get("content-type") === "text/event-stream") {
        await this.#read(new EventReader(response), work, seen, position);
      } else await noteBody(seen, response);
    } catch (error) {
      // Without an event id there is nothing to come back to.
      if (position.last === "") seen.errors.push(String(error));
    }
    while (!isOver(seen) && performance.now() - startedAt < PATIENCE_MS) {
      if (position.last === "") {
        seen.errors.push("The response ended before its first event");
        break;
      }
      seen.isResumed = true;
      await pause(100);
      try {
        const events = await resume(this.#url, this.#session, position.last, this.#idleMs);
        await this.#read(events, work, seen, position);
      } catch {
        // It tries again.
      }
    }
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#answering);
    await sendUntilTaken(() => fetch(this.#url, { method: "DELETE", headers: this.#session }));
  }

  async #read(
    events: EventReader,
    { id }: Work,
    seen: Seen,
    position: { last: string },
  ): Promise<void> {
    try {
      for (;;) {
        const event = await within(events.next(), this.#idleMs);
        if (event === undefined) return;
        position.last = event.id ?? position.last;
        const message = event.json;
        if (message?.method === "elicitation/create") this.#answer(message.id);
        else if (message !== undefined && "method" in message || message?.id === id) {
          note(seen, message);
        }
      }
    } finally {
      await events.leave().catch(() => {});
    }
  }

  #answer(id: string): void {
    const answer = { jsonrpc: "2.0", id, result: ANSWER };
    this.#answering.push(
      sendUntilTaken(() => post(this.#url, answer, this.#session, this.#idleMs)),
    );
  }
}

function isOver({ results, errors }: Seen): boolean {
  return results > 0 || errors.length > 0;
}

/** Takes a response that is no event stream, of the server or the proxy. */
export async function noteBody(seen: Seen, response: Response): Promise<void> {
  const text = await response.text();
  try {
    note(seen, JSON.parse(text));
  } catch {
    seen.errors.push(`${response.status} ${text.slice(0, 100)}`);
  }
}
