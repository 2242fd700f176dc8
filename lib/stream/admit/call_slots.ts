/**
 * Calls that wait for their answer without a stream of their own, by client. They hold as much as a
 * stream does, so they are bounded as streams are.
 */
export class CallSlots {
  readonly #byClient = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(client: string): number {
    return this.#byClient.get(client) ?? 0;
  }

  started(client: string): void {
    this.#total++;
    this.#byClient.set(client, this.of(client) + 1);
  }

  ended(client: string): void {
    this.#total--;
    const left = this.of(client) - 1;
    if (left > 0) this.#byClient.set(client, left);
    else this.#byClient.delete(client);
  }
}
