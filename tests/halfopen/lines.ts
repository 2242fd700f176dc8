/** The lines that a process prints, and when each came. */
export interface Line {
  readonly at: number;
  // deno-lint-ignore no-explicit-any -- a test looks into whatever came
  readonly json: any;
  readonly text: string;
}

/** Collects lines as they arrive, and lets a test wait for one. */
export class Lines {
  readonly all: Line[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #name: string;
  readonly ended: Promise<void>;

  constructor(name: string, stream: ReadableStream<Uint8Array>) {
    this.#name = name;
    this.ended = this.#read(stream);
  }

  /** All lines whose JSON has these values. */
  matching(wanted: Record<string, unknown>): Line[] {
    return this.all.filter(({ json }) =>
      Object.entries(wanted).every(([key, value]) => json?.[key] === value)
    );
  }

  /** Resolves as soon as `isThere` is true of the lines; fails after so many ms. */
  async until(what: string, isThere: () => boolean, timeoutMs: number): Promise<void> {
    if (isThere()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new Error(`${this.#name}: ${what} did not happen within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const watch = () => isThere() && resolve();
    this.#watchers.add(watch);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(watch);
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      const at = performance.now();
      for (const text of lines) this.all.push({ at, text, json: parse(text) });
      for (const watch of [...this.#watchers]) watch();
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
