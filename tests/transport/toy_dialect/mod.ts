import type { Dialect, TransportCore } from "../../../lib/transport/dialect.ts";
import type { RequestContext } from "../../../lib/transport/request_head.ts";
import { eventStream } from "../../../lib/transport/respond.ts";
import { QUIET_DRIVER, type StreamDriver } from "../../../lib/stream/stream_driver.ts";
import { formatEvent } from "../../../lib/wire/sse.ts";

/** GET with the header `Toy`: a stream that names the tools, now and after each change. */
export const TOY: Dialect = {
  name: "toy",
  streams: [{ name: "toy", isSession: false }],
  headers: { request: ["Toy"], response: [] },
  endpoints: [{ method: "GET", use: "with the header Toy: the names of the tools as they change" }],
  create: (core) => ({
    get: (c) => c.headers.has("Toy") ? openToy(core, c) : undefined,
  }),
};

function openToy(core: TransportCore, c: RequestContext): Response {
  let listening: Disposable | undefined;
  const driver: StreamDriver = {
    ...QUIET_DRIVER,
    name: "toy",
    isLongLived: true,
    closingFrame: (reason) => formatEvent({ event: "end", data: reason }),
    onEnded: () => listening?.[Symbol.dispose](),
  };
  const names = () => [...core.catalog.tools.values()].map(({ name }) => name).join(" ");
  const first = () => formatEvent({ data: names() });
  const stream = core.streams.open(c, { driver, first });
  if (stream.state === "open") {
    listening = core.changes.add({
      wantsChange: ({ kind }) => kind === "tools",
      sendChange: () => void stream.sendRaw(formatEvent({ data: names() })),
    });
  }
  return eventStream(stream);
}
