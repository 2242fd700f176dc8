// deno-lint-ignore-file no-console -- it tells whoever runs the example what happens
/** What the three servers have in common: a pool over orders, and a picture of them. */

export interface Order {
  readonly id: number;
  readonly customer: string;
  readonly day: string;
  readonly total: number;
}

/** A condition on orders: by customer, or by day. */
export type Where =
  | { readonly by: "customer"; readonly name: string }
  | { readonly by: "day"; readonly from: string; readonly to: string };

/** Stands for a pool of database connections. */
export class Pool {
  #isOpen = true;
  readonly #orders: Order[] = [
    { id: 1, customer: "Ada", day: "2026-11-01", total: 20 },
    { id: 2, customer: "Grace", day: "2026-11-02", total: 35 },
    { id: 3, customer: "Ada", day: "2026-11-20", total: 12 },
  ];

  static open(): Promise<Pool> {
    return Promise.resolve(new Pool());
  }

  find(where: Where, { offset, limit }: { offset: number; limit: number }): Order[] {
    if (!this.#isOpen) throw new Error("The pool is closed");
    const matches = this.#orders.filter((order) =>
      where.by === "customer"
        ? order.customer === where.name
        : order.day >= where.from && order.day <= where.to
    );
    return matches.slice(offset, offset + limit);
  }

  order(id: number): Order | undefined {
    return this.#orders.find((order) => order.id === id);
  }

  end(): Promise<void> {
    this.#isOpen = false;
    return Promise.resolve();
  }
}

/** One step of a long import; ends early, and says so, when the signal aborts. */
export function importRow(signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) console.error("The import was cancelled");
  signal?.throwIfAborted();
  return new Promise((resolve) => setTimeout(resolve, 20));
}

/** A PNG of one pixel, which stands for a chart. */
export const CHART =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
