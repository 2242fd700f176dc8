import { abortable } from "../../../lib/gateway/abortable_fetch.ts";

const ANY = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
} as const;

/** Opens a session; its client can be asked if it declares capabilities. */
export async function openSession(gateway: string, capabilities = {}): Promise<Session> {
  const url = `${gateway}/mcp`;
  const clientInfo = { name: "test", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities, clientInfo };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  const response = await fetch(url, { method: "POST", headers: ANY, body });
  await response.text();
  return new Session(url, response.headers.get("mcp-session-id")!);
}

/** A session of a client. */
export class Session {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, id: string) {
    this.#url = url;
    this.#headers = { ...ANY, "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
  }

  /** Sends a request, and gives the text of its answer. */
  async ask(message: unknown, signal: AbortSignal | null = null): Promise<string> {
    const response = await abortable(fetch)(this.#url, {
      method: "POST",
      signal,
      headers: this.#headers,
      body: JSON.stringify(message),
    });
    return await response.text();
  }

  /** Opens the session's stream, which the signal ends as a client that is gone. */
  async listen(signal: AbortSignal): Promise<void> {
    const response = await abortable(fetch)(this.#url, { headers: this.#headers, signal });
    response.body!.pipeTo(new WritableStream(), { signal }).catch(() => {});
  }

  async end(): Promise<void> {
    const response = await fetch(this.#url, { method: "DELETE", headers: this.#headers });
    await response.text();
  }
}
