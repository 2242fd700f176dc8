/** The ledger adds up, whatever happens in whatever order. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { ProtocolError } from "../../lib/base/errors.ts";
import fc from "../deps/fast_check.ts";
import { CLOSE_REASONS } from "../../lib/stream/close_reason.ts";
import { type BareStream, busyDriver, bytes, Streams } from "../helpers/streams.ts";
import { settled } from "../helpers/time.ts";

/** All that may happen to a server's streams. */
interface World {
  readonly streams: Streams;
  readonly all: BareStream[];
  readonly clients: AbortController[];
  /**
   * Reports the release of a stream's socket, like its transport; does nothing for a transport
   * without that.
   */
  readonly releases: (() => void)[];
}

class Happening implements fc.AsyncCommand<World, World> {
  readonly #name: string;
  readonly #happen: (world: World) => unknown;

  constructor(name: string, happen: (world: World) => unknown) {
    this.#name = name;
    this.#happen = happen;
  }

  check(): boolean {
    return true;
  }

  async run(_model: World, world: World): Promise<void> {
    await this.#happen(world);
    assert(world.streams.addsUp(), `after ${this.#name}`);
    await settled();
    assert(world.streams.addsUp(), `after what came of ${this.#name}`);
  }

  toString(): string {
    return this.#name;
  }
}

interface Opening {
  readonly address: string;
  readonly isBusy: boolean;
  /** Whether the transport reports the release of the stream's socket. */
  readonly tells: boolean;
}

function open({ streams, all, clients, releases }: World, opening: Opening): void {
  const client = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  try {
    all.push(streams.open({
      address: opening.address,
      request: client,
      driver: busyDriver(opening.isBusy ? 1 : 0),
      ...(opening.tells && { socket: { released: () => promise } }),
    }));
    clients.push(client);
    releases.push(resolve);
  } catch (error) {
    // Refused, which the ledger counts apart.
    assertInstanceOf(error, ProtocolError);
  }
}

/** Anything that happens to one of the streams, ended ones included. */
function toOne(
  name: string,
  happen: (stream: BareStream, world: World, index: number) => unknown,
): fc.Arbitrary<Happening> {
  return fc.nat({ max: 30 }).map((number) =>
    new Happening(`${name}(${number})`, (world) => {
      const index = number % Math.max(1, world.all.length);
      const stream = world.all[index];
      return stream && happen(stream, world, index);
    })
  );
}

const HAPPENINGS = [
  fc.record({
    address: fc.constantFrom("192.0.2.1", "192.0.2.2"),
    isBusy: fc.boolean(),
    tells: fc.boolean(),
  }).map((opening) =>
    new Happening(`open(${JSON.stringify(opening)})`, (world) => open(world, opening))
  ),
  fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 600 })).map(([number, length]) =>
    new Happening(`send(${number}, ${length})`, ({ all }) => {
      all[number % Math.max(1, all.length)]?.connection.sendRaw(bytes(length));
    })
  ),
  toOne("readOne", async (stream) => {
    // A reader waits for nothing here: it takes a chunk only where one lies ready.
    if (stream.connection.queuedBytes > 0) await stream.read();
  }),
  toOne("follow", (stream) => void stream.follow()),
  toOne("leave", (stream) => stream.leave().catch(() => {})),
  toOne("abort", (_stream, { clients }, index) => clients[index]?.abort()),
  fc.constantFrom(...CLOSE_REASONS).chain((reason) =>
    toOne(`close ${reason}`, (stream) => stream.connection.close(reason))
  ),
  toOne("release", (_stream, { releases }, index) => releases[index]?.()),
  toOne("settle", (stream, { streams }) => streams.registry.closeIfIdle(stream.connection)),
  fc.integer({ min: 1, max: 40_000 }).map((ms) =>
    new Happening(`advance(${ms})`, ({ streams }) => streams.time.advance(ms, 5_000))
  ),
  fc.integer({ min: 1, max: 200_000 }).map((ms) =>
    new Happening(`leap(${ms})`, ({ streams }) => streams.time.leap(ms))
  ),
];

Deno.test("property: opened = open + Σ closed and queued = Σ queued at every step, and nothing is left at the end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(HAPPENINGS, { maxCommands: 60 }), async (commands) => {
      using streams = new Streams({
        MCP_MAX_CONNECTIONS: 12,
        MCP_MAX_CONNECTIONS_PER_CLIENT: 8,
        MCP_MAX_QUEUED_BYTES: 1_000,
        MCP_MAX_TOTAL_QUEUED_BYTES: 3_000,
        MCP_MAX_CONNECTION_MS: 300_000,
        MCP_REQUEST_TIMEOUT_MS: 60_000,
      });
      const world: World = { streams, all: [], clients: [], releases: [] };
      await fc.asyncModelRun(() => ({ model: world, real: world }), commands);
      for (const { connection } of world.all) connection.close("completed");
      for (const release of world.releases) release();
      await settled();
      assertEquals(streams.registry.ledger().lingering, 0);
      // Nobody is still counted: a client gets all it may have.
      for (let count = 0; count < 8; count++) {
        world.all.push(streams.open({ address: "192.0.2.1" }));
      }
      const draining = streams.drain(1_000);
      await streams.time.advance(7_000, 100);
      await draining;
      const { open, opened, queuedBytes } = streams.registry.ledger();
      assertEquals([open, queuedBytes, streams.wheel.size], [0, 0, 0]);
      assertEquals(opened, world.all.length);
      assert(streams.addsUp());
      for (const stream of world.all) {
        assertEquals(stream.connection.state, "closed");
        assert(stream.reason !== undefined);
      }
    }),
    { numRuns: 150 },
  );
});
