/**
 * Reads the answers of other instances. It checks their shape, because anybody who can write to the
 * store can write anything.
 *
 * @module
 */
import * as z from "zod";
import { ERROR_TABLE } from "../../wire/error_table.ts";
import type { ProtocolErrorKind } from "../../base/errors.ts";
import type { EndedCounts, LedgerView } from "../ledger_view.ts";

const COUNT = z.number().nonnegative();
const COUNTS = z.record(z.string(), COUNT);
const TEXT = z.string().max(4_096);

const CONNECTION = z.object({
  id: TEXT,
  dialect: TEXT,
  client_ip: TEXT,
  user_agent: TEXT,
  principal: TEXT.exactOptional(),
  client_id: TEXT.exactOptional(),
  age_ms: COUNT,
  ping_count: COUNT,
  failed_pings: COUNT,
  queued_bytes: COUNT,
  sent_bytes: COUNT,
  requests_in_flight: COUNT,
});

const CLOSED = z.object({
  at: TEXT,
  id: TEXT,
  dialect: TEXT,
  client_ip: TEXT,
  user_agent: TEXT,
  age_ms: COUNT,
  sent_bytes: COUNT,
  reason: TEXT,
});

const REFUSED = z.object({
  at: TEXT,
  method: TEXT,
  path: TEXT,
  client_ip: TEXT,
  status: COUNT,
  kind: z.enum(Object.keys(ERROR_TABLE) as [ProtocolErrorKind, ...ProtocolErrorKind[]]),
  message: TEXT,
  reason: TEXT.exactOptional(),
  expected: TEXT.exactOptional(),
  given: TEXT.exactOptional(),
});

const VIEW = z.object({
  opened: COUNT,
  open: COUNT,
  lingering: COUNT,
  closed: COUNTS,
  refused: COUNTS,
  queued_bytes: COUNT,
  heap_used_bytes: COUNT,
  is_open_to_all: z.literal(true).exactOptional(),
  matching: COUNT,
  connections: z.array(CONNECTION),
  recent_closed: z.array(CLOSED),
  recent_refused: z.array(REFUSED),
});

const ENDED = z.object({ streams: COUNT, sessions: COUNT });

/** The view of another instance; undefined for anything else, and for no answer. */
export function readView(answer: unknown): LedgerView | undefined {
  return VIEW.safeParse(answer).data;
}

/** The counts that another instance has ended; undefined for anything else, and for no answer. */
export function readCounts(answer: unknown): EndedCounts | undefined {
  return ENDED.safeParse(answer).data;
}
