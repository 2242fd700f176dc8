import type { App } from "../http/app.ts";
import type { Peer } from "../transport/peer.ts";
import {
  isResponse,
  type JsonObject,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from "../wire/json_rpc.ts";
import type { ClientCapabilities, Implementation } from "../wire/mcp_types.ts";
import type { ProtocolVersion } from "../wire/protocol_versions.ts";
import { eventsOf } from "./sse_reader.ts";

/** A way to speak with an app, in one era of the protocol. */
export interface Channel {
  /** Sends a request and waits for its response. */
  request(message: JsonRpcRequest): Promise<JsonRpcResponse>;
  /** Sends a notification, or a response to a request of the server. */
  send(message: JsonRpcMessage): Promise<void>;
  /** Cancels a request as the era does; its response may never come. */
  cancel(id: JsonRpcId): Promise<void>;
  /** Adds what every request of the era carries. */
  prepare(params: JsonObject): JsonObject;
  /** Ends the session and its streams. */
  close(): Promise<void>;
}

/** Dependencies of a channel. */
export interface ChannelOptions {
  readonly app: App;
  readonly version: ProtocolVersion;
  readonly capabilities: ClientCapabilities;
  readonly info: Implementation;
  readonly headers: Readonly<Record<string, string>>;
  readonly peer: Peer;
  /** Takes notifications and requests of the server. */
  readonly onMessage: (message: JsonRpcMessage) => void;
}

/** The error of a waiting request when its stream ends. */
export const ENDED_EARLY = "Stream ended before the response";

/** Sends HTTP requests to an app like a client, and reads the responses. */
export class HttpExchange {
  readonly #options: ChannelOptions;
  readonly #abort = new AbortController();
  readonly #reading = new Set<Promise<void>>();

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  async fetch(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const { app, peer, headers } = this.#options;
    const request = new Request(`http://localhost${path}`, {
      ...init,
      method,
      headers: { ...headers, ...init.headers as Record<string, string> },
      signal: this.#leaving(init.signal),
    });
    return await app.fetch(request, peer);
  }

  /**
   * POSTs a message.
   *
   * @param signal leaves the response
   */
  async post(
    path: string,
    message: JsonRpcMessage,
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    return await this.fetch("POST", path, {
      ...(signal !== undefined && { signal }),
      body: JSON.stringify(message),
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...headers,
      },
    });
  }

  /**
   * The JSON-RPC response in an HTTP response, which is JSON or a stream. Other messages go to the
   * client.
   *
   * @param signal leaves a stream
   */
  async responseIn(answer: Response, signal?: AbortSignal): Promise<JsonRpcResponse> {
    const type = answer.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream")) return await jsonOf(answer);
    let response: JsonRpcResponse | undefined;
    // To its end, which comes right after the response: a stream that is left early lingers.
    for await (const { data } of eventsOf(answer.body!, this.#leaving(signal))) {
      if (data === "") continue;
      const message = JSON.parse(data) as JsonRpcMessage;
      if (isResponse(message)) response = message;
      else this.#options.onMessage(message);
    }
    if (response === undefined) throw new Error(ENDED_EARLY);
    return response;
  }

  /**
   * Reads a stream to its end, in the background.
   *
   * @returns ends with the stream
   */
  read(
    body: ReadableStream<Uint8Array>,
    onEvent: (event: string, data: string) => void,
  ): Promise<void> {
    const reading = (async () => {
      try {
        for await (const { event, data } of eventsOf(body, this.#abort.signal)) {
          onEvent(event, data);
        }
      } catch {
        // The client has left.
      }
    })();
    this.#reading.add(reading);
    return reading.then(() => void this.#reading.delete(reading));
  }

  #leaving(signal?: AbortSignal | null): AbortSignal {
    return signal == null ? this.#abort.signal : AbortSignal.any([this.#abort.signal, signal]);
  }

  /** Leaves all streams. */
  async leave(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#reading);
  }
}

async function jsonOf(answer: Response): Promise<JsonRpcResponse> {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Answer ${answer.status} is not JSON: ${text.slice(0, 200)}`);
  }
}

/** Throws for an answer that takes no message. */
export async function requireAccepted(answer: Response): Promise<void> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Message was refused with ${answer.status}: ${text}`);
}
