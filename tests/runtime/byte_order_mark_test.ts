/** Tools on Windows begin UTF-8 with a byte order mark. Deno reads it on a socket as nowhere else. */
import { assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../lib/mod.ts";
import { DenoListener } from "../../lib/runtime/listen/deno_listener.ts";
import { rpc } from "../helpers/app.ts";

const MARKED = new TextEncoder().encode(`\uFEFF${JSON.stringify(rpc("ping", {}, 7))}`);

/** A server on a socket. */
class Served implements AsyncDisposable {
  readonly #app = createApp();
  readonly #listening = new DenoListener(this.#app, { hostname: "127.0.0.1", port: 0 });

  /** Status and JSON of the answer to a body; one that is a stream goes in chunks. */
  async post(body: BodyInit): Promise<{ status: number; json: Record<string, unknown> }> {
    const headers = { "content-type": "application/json", accept: "application/json" };
    const url = `http://127.0.0.1:${this.#listening.port}/mcp`;
    const response = await fetch(url, { method: "POST", headers, body });
    return { status: response.status, json: await response.json() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listening.stop();
    this.#app.stop();
  }
}

Deno.test("a chunked body that begins with a byte order mark is taken", async () => {
  await using served = new Served();
  const { status, json } = await served.post(ReadableStream.from([MARKED]));
  assertEquals([status, json.id, json.result], [200, 7, {}]);
});

Deno.test("400: a body of declared length that begins with a byte order mark is told of it", async () => {
  await using served = new Served();
  const { status, json } = await served.post(MARKED);
  const { code, message } = json.error as { code: number; message: string };
  assertEquals([status, code], [400, -32700]);
  assertMatch(message, /begins with a byte order mark \(U\+FEFF\); send UTF-8 without one/);
});

Deno.test("400: a byte order mark inside a body is not taken for one at its beginning", async () => {
  await using served = new Served();
  for (const text of ["[\uFEFF1]", `{"a":"${"x".repeat(100)}","b":\uFEFF1}`]) {
    const { status, json } = await served.post(text);
    assertEquals(status, 400);
    const { message } = json.error as { message: string };
    assertEquals(message.includes("byte order mark"), false, message);
  }
});
