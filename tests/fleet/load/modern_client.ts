import { EventReader } from "../../helpers/sse.ts";
import { post } from "../instances.ts";
import {
  type LoadClient,
  note,
  nothingSeen,
  type Seen,
  within,
  type Work,
  workCall,
} from "./client.ts";
import { noteBody } from "./session_client.ts";

const VERSION = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": VERSION,
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const HEADERS = {
  "mcp-protocol-version": VERSION,
  "mcp-method": "tools/call",
  "mcp-name": "work",
};

/** A client of 2026-07-28: each request stands alone. */
export class ModernClient implements LoadClient {
  readonly name = VERSION;
  readonly canBeAsked = false;
  readonly #url: string;
  /** Time without a byte after which it gives a response up (ms). */
  readonly #idleMs: number;

  constructor(url: string, idleMs: number) {
    this.#url = url;
    this.#idleMs = idleMs;
  }

  async call(work: Work): Promise<Seen> {
    const seen = nothingSeen();
    try {
      const response = await post(this.#url, workCall(work, META), HEADERS, this.#idleMs);
      if (response.headers.get("content-type") === "text/event-stream") {
        await this.#read(new EventReader(response), work, seen);
      } else {
        seen.mayLackSteps = true;
        await noteBody(seen, response);
      }
    } catch (error) {
      seen.errors.push(String(error));
    }
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #read(events: EventReader, { id }: Work, seen: Seen): Promise<void> {
    try {
      for (;;) {
        const event = await within(events.next(), this.#idleMs);
        if (event === undefined) break;
        const message = event.json;
        if (message !== undefined && ("method" in message || message.id === id)) {
          note(seen, message);
        }
      }
    } finally {
      await events.leave().catch(() => {});
    }
    if (seen.results + seen.errors.length === 0) seen.errors.push("The response broke off");
  }
}
