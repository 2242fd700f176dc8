import { unixSeconds } from "../../base/clock.ts";
import type { StreamSnapshot } from "../../stream/snapshot.ts";
import { formatJson } from "../../wire/sse.ts";

/** How many events are remembered: those of one second, of clients that came together. */
const MAX_REMEMBERED = 16;

/**
 * The `ping` events of plain streams. Streams that were opened together, as after a restart, ping
 * together and say the same, so the event is written once.
 */
export class PingEvents {
  #timestamp = 0;
  readonly #events = new Map<number, string>();

  /** @param pingCount number of this ping, from 1 */
  of({ uptime }: StreamSnapshot, pingCount: number): string {
    const timestamp = unixSeconds();
    if (timestamp !== this.#timestamp || this.#events.size >= MAX_REMEMBERED) this.#events.clear();
    this.#timestamp = timestamp;
    // An uptime in seconds has eight digits after three years.
    const key = pingCount * 1e8 + uptime;
    const known = this.#events.get(key);
    if (known !== undefined) return known;
    const data = { timestamp, ping_count: pingCount, uptime };
    const event = formatJson({ event: "ping", data }, "ping");
    this.#events.set(key, event);
    return event;
  }
}
