/**
 * A client's sessions of the 2025 revisions: if the server ended an idle one, the client gets 404
 * and opens another.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { exchange } from "../faults/http.ts";
import { SseStream } from "../faults/sse_stream.ts";
import type { Target } from "../faults/socket.ts";
import { initializeRequest } from "../helpers/app.ts";
import { BOTH } from "../helpers/session.ts";

const JSON_TYPE = { "content-type": "application/json" };
type OpenRequest = Parameters<typeof SseStream.open>[1];

/** A server. */
export interface SessionTarget extends Target {
  /** When it ends an idle session (ms); unless told, never. */
  readonly sessionIdleMs?: number;
}

/** The machine was so busy that the client was late, and the server was right to end it. */
export class Late extends Error {}

export class SoakSession {
  readonly #target: SessionTarget;
  readonly #headers: Record<string, string>;
  /** When the last request was sent that the server took: it was in use then, or later. */
  #usedAt: number;

  private constructor(target: SessionTarget, id: string, usedAt: number) {
    this.#target = target;
    this.#headers = { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
    this.#usedAt = usedAt;
  }

  static async open(target: SessionTarget): Promise<SoakSession> {
    const usedAt = performance.now();
    const body = JSON.stringify(initializeRequest());
    const headers = { ...JSON_TYPE, accept: BOTH };
    const response = await exchange(target, { method: "POST", path: "/mcp", headers, body });
    assertEquals(response.status, 200, response.body);
    const id = response.headers.get("mcp-session-id") ?? "";
    return new SoakSession(target, id, usedAt);
  }

  /** POSTs a message that is answered at once; returns the status. */
  post(message: Record<string, unknown>): Promise<number> {
    return this.#exchange("POST", {
      headers: { ...JSON_TYPE, accept: "application/json" },
      body: JSON.stringify(message),
    });
  }

  /** Ends it; returns the status. */
  end(): Promise<number> {
    return this.#exchange("DELETE", {});
  }

  /** Sends a request whose answer may be a stream. */
  stream(request: OpenRequest): Promise<SseStream> {
    return this.#used(async () => {
      const headers = { ...request?.headers, ...this.#headers };
      const stream = await SseStream.open(this.#target, { path: "/mcp", ...request, headers });
      const { status } = await stream.head;
      if (status === 404) stream.socket.close();
      return [status, stream];
    });
  }

  #exchange(method: string, request: { headers?: Record<string, string>; body?: string }) {
    return this.#used(async () => {
      const headers = { ...request.headers, ...this.#headers };
      const { status } = await exchange(this.#target, {
        ...request,
        method,
        path: "/mcp",
        headers,
      });
      return [status, status];
    });
  }

  /**
   * Sends a request. The server saw the last one when it was sent or later, and this one before its
   * answer came: a 404 within less than the idle time is a fault, on however busy a machine.
   */
  async #used<T>(send: () => Promise<readonly [status: number, T]>): Promise<T> {
    const { sessionIdleMs = Infinity } = this.#target;
    const sentAt = performance.now();
    const [status, result] = await send();
    if (status === 404) {
      const idleMs = Math.round(performance.now() - this.#usedAt);
      if (idleMs >= sessionIdleMs) throw new Late(`Session idle for up to ${idleMs} ms`);
      throw new Error(`Got 404 for a session that was used ${idleMs} ms ago`);
    }
    this.#usedAt = sentAt;
    return result;
  }
}
