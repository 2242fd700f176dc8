import { RECENT_MAX } from "../metrics/recent.ts";
import type { ConnectionView, InstanceView, LedgerView } from "../ledger_view.ts";
import type { PageQuery, Sorting } from "./connection_page.ts";

/** The view of one instance; undefined if it did not answer in time. */
export interface InstanceAnswer {
  readonly name: string;
  readonly view: LedgerView | undefined;
}

type Answered = InstanceAnswer & { readonly view: LedgerView };
type Key = (connection: ConnectionView) => number | string;

const KEYS: Readonly<Record<Sorting["by"], Key>> = {
  // The oldest was opened first.
  opened: ({ age_ms }) => -age_ms,
  dialect: ({ dialect }) => dialect,
  client: ({ client_ip }) => client_ip,
  pings: ({ ping_count }) => ping_count,
  failed_pings: ({ failed_pings }) => failed_pings,
  queued: ({ queued_bytes }) => queued_bytes,
  sent: ({ sent_bytes }) => sent_bytes,
  requests: ({ requests_in_flight }) => requests_in_flight,
};

/**
 * Makes one view of those of all instances.
 *
 * @param answers this instance first; each has its connections up to the end of the wanted page
 */
export function mergeViews(answers: readonly InstanceAnswer[], wanted: PageQuery): LedgerView {
  const answered = answers.filter((one): one is Answered => one.view !== undefined);
  const sum = (amount: (view: LedgerView) => number) =>
    answered.reduce((total, { view }) => total + amount(view), 0);
  const matching = sum((view) => view.matching);
  const page = pageOf(answered, wanted);
  const nextOffset = wanted.offset + page.length;
  return {
    opened: sum((view) => view.opened),
    open: sum((view) => view.open),
    lingering: sum((view) => view.lingering),
    closed: sumsOf(answered.map(({ view }) => view.closed)),
    refused: sumsOf(answered.map(({ view }) => view.refused)),
    queued_bytes: sum((view) => view.queued_bytes),
    heap_used_bytes: sum((view) => view.heap_used_bytes),
    ...(answered.some(({ view }) => view.is_open_to_all) && { is_open_to_all: true }),
    matching,
    connections: page,
    ...(page.length > 0 && nextOffset < matching && { next_offset: nextOffset }),
    recent_closed: newest(answered, ({ recent_closed }) => recent_closed),
    recent_refused: newest(answered, ({ recent_refused }) => recent_refused),
    instances: answers.map((answer, index) => instanceView(answer, index === 0)),
  };
}

function instanceView({ name, view }: InstanceAnswer, isHere: boolean): InstanceView {
  if (view === undefined) return { name, is_silent: true };
  const { opened, open, lingering, queued_bytes, heap_used_bytes } = view;
  const counts = { opened, open, lingering, queued_bytes, heap_used_bytes };
  return { name, ...(isHere && { is_here: true }), ...counts };
}

function pageOf(
  answered: readonly Answered[],
  { offset, limit, sorting: { by, order } }: PageQuery,
): readonly ConnectionView[] {
  const keyOf = KEYS[by];
  const direction = order === "desc" ? -1 : 1;
  return withInstance(answered, ({ connections }) => connections)
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => direction * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .slice(offset, offset + limit)
    .map(({ row }) => row);
}

/** The last that ended at any instance, newest first. */
function newest<T extends { readonly at: string }>(
  answered: readonly Answered[],
  rowsOf: (view: LedgerView) => readonly T[],
): readonly T[] {
  return withInstance(answered, rowsOf)
    .sort((a, b) => a.at > b.at ? -1 : a.at < b.at ? 1 : 0)
    .slice(0, RECENT_MAX);
}

function withInstance<T>(
  answered: readonly Answered[],
  rowsOf: (view: LedgerView) => readonly T[],
): (T & { readonly instance: string })[] {
  return answered.flatMap(({ name, view }) =>
    rowsOf(view).map((row) => ({ ...row, instance: name }))
  );
}

function sumsOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of counts) {
    for (const [name, count] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
