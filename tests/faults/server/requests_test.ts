/** Clients whose requests are malformed, too slow, too large or endless. */
import { assert, assertEquals } from "@std/assert";
import { assertClean, eventually, NOTHING, Stage } from "../../closure/scenario.ts";
import { listenerUnderTest } from "../../closure/server.ts";
import { encodeRequest, exchange } from "../http.ts";
import { ResponseParser } from "../http_response.ts";
import { pipeline, REQUEST_FAULTS, type RequestFault, RESET_STAGES } from "../request_faults.ts";
import type { RawSocket, SocketEnd } from "../socket.ts";

const IS_NODE = listenerUnderTest() === "node";
const BODY_MS = 400;
const SETTINGS = { MCP_BODY_TIMEOUT_MS: BODY_MS, MCP_MAX_BODY_BYTES: 65_536, MCP_DRAIN_MS: 2_000 };
/** How long any of them may take; the machine may be busy. */
const DEADLINE_MS = 30_000;

/** Reads the answer on a socket. */
class Follower {
  readonly socket: RawSocket;
  status: number | undefined;
  readonly #complete = Promise.withResolvers<"answered">();

  constructor(socket: RawSocket) {
    this.socket = socket;
    const parser = new ResponseParser({
      onHead: ({ status }) => this.status = status,
      onComplete: () => this.#complete.resolve("answered"),
    });
    socket.onBytes = (bytes) => parser.push(bytes);
  }

  answered(): Promise<"answered" | SocketEnd> {
    return inTime(Promise.race([this.#complete.promise, this.socket.ended]));
  }

  ended(): Promise<SocketEnd> {
    return inTime(this.socket.ended);
  }
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`Not within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lifeline's answers; Deno keeps the socket until the client ends it (docs/deno.md). */
const ANSWERED: Readonly<Partial<Record<RequestFault, number>>> = {
  slow_body: 408,
  slow_chunks: 408,
  half_body: 408,
  huge_body: 413,
  endless_body: 413,
  // Lifeline's own refusal, where the listener leaves it to the app.
  ...(IS_NODE && { two_hosts: 400 }),
};

/**
 * Requests that the listener ends by itself, with a status of `ENDED_WITH` or without an answer. If
 * bytes are in flight when it closes, the kernel sends a reset, which may overtake the answer.
 */
const ENDED: readonly RequestFault[] = [
  "endless_extension",
  "chunk_of_no_size",
  "chunk_too_long",
  "chunk_size_overflow",
  "many_headers",
  "huge_header",
  "huge_path",
  "nul_in_header",
  "folded_header",
  "space_before_colon",
  "two_hosts",
  "length_and_chunked",
  "two_lengths",
  "negative_length",
  "tls_hello",
];

Deno.test("a request too slow, too large or of two hosts is answered in time and holds nothing but its socket", async (t) => {
  await using stage = await Stage.set("no-legacy", SETTINGS);
  for (const [name, status] of Object.entries(ANSWERED)) {
    await t.step(`${name}: ${status}`, async () => {
      using socket = await REQUEST_FAULTS[name as RequestFault](stage.server);
      const follower = new Follower(socket);
      assertEquals(await follower.answered(), "answered");
      assertEquals(follower.status, status);
      await eventually(async () => assertEquals(await stage.held(), NOTHING));
      socket.reset();
      await assertClean(stage, {});
    });
  }
});

/** Deno knows one; `node:http` tells apart a head that is too large and a body that is too late. */
const ENDED_WITH: readonly number[] = IS_NODE ? [400, 408, 431] : [400];

Deno.test("what is no HTTP is ended at once and leaves nothing", async (t) => {
  await using stage = await Stage.set("no-legacy", SETTINGS);
  for (const name of ENDED.filter((name) => ANSWERED[name] === undefined)) {
    await t.step(name, async () => {
      using socket = await REQUEST_FAULTS[name](stage.server);
      const follower = new Follower(socket);
      const end = await follower.ended();
      assert(end === "eof" || end === "reset", `ended ${end}`);
      const { status } = follower;
      assert(status === undefined || ENDED_WITH.includes(status), `got ${status}`);
      await assertClean(stage, {});
    });
  }
});

Deno.test("a client that resets at any stage of a request leaves nothing", async (t) => {
  await using stage = await Stage.set("no-legacy", { MCP_BODY_TIMEOUT_MS: 60_000 });
  for (const [name, begin] of Object.entries(RESET_STAGES)) {
    await t.step(name, async () => {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => begin(stage.server)));
      // The server has read the earlier bytes when it answers this request.
      await exchange(stage.server, { path: "/healthz" });
      if (name === "before_answer") {
        await eventually(async () =>
          assertEquals((await stage.held()).running_requests, sockets.length)
        );
      }
      for (const socket of sockets) socket.reset();
      // The reader of a large answer is checked after 5 s.
      await assertClean(stage, {}, name === "in_answer" ? 30_000 : undefined);
    });
  }
});

Deno.test("3,000 sockets without a request hold up neither others nor the end", async () => {
  await using stage = await Stage.set("no-legacy", SETTINGS);
  const { server } = stage;
  const kinds = [
    REQUEST_FAULTS.silence,
    REQUEST_FAULTS.half_head,
    REQUEST_FAULTS.slow_head,
    REQUEST_FAULTS.idle_keep_alive,
  ];
  const sockets: RawSocket[] = [];
  try {
    while (sockets.length < 3_000) {
      const some = Array.from({ length: 250 }, (_, n) => kinds[n % kinds.length]!(server));
      sockets.push(...await Promise.all(some));
      // Answered after those before were accepted: the kernel forgets those that it has no room for.
      assertEquals((await exchange(server, { path: "/readyz" })).status, 200);
    }
    server.kill("SIGTERM");
    assertEquals(await server.exit.then(({ code }) => code), 0);
    await server.line("end of the drain", ({ json }) => json.message === "Stopped");
    await Promise.all(sockets.map(({ ended }) => ended));
  } finally {
    for (const socket of sockets) socket.close();
  }
});

Deno.test("pipelined requests are answered in order, and nothing more is read behind a stream", async () => {
  await using stage = await Stage.set("no-legacy", SETTINGS);
  const paths = ["/healthz", "/nope", "/readyz"];
  const heads: number[] = [];
  let parser = newParser();
  function newParser(): ResponseParser {
    return new ResponseParser({
      onHead: ({ status }) => void heads.push(status),
      onComplete: () => parser = newParser(),
    });
  }
  using socket = await pipeline(stage.server, [
    ...paths.map((path) => encodeRequest({ path })),
    encodeRequest({
      method: "POST",
      path: "/mcp/sse",
      headers: { accept: "text/event-stream" },
      body: "",
    }),
    ...paths.map((path) => encodeRequest({ path })),
  ]);
  // One response may come with others in one piece, which a parser for one does not go on with.
  socket.onBytes = (bytes) => {
    for (const byte of bytes) parser.push(Uint8Array.of(byte));
  };
  await eventually(() => Promise.resolve(assertEquals(heads, [200, 404, 200, 200])));
  const { open } = await stage.server.ledger();
  assertEquals(open, 1);
  socket.reset();
  await assertClean(stage, { client_closed: 1 });
  assertEquals(heads.length, 4);
});
