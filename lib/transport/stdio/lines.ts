/** The end of a pipe from which lines come. */
export interface LineSource {
  readonly input: ReadableStream<Uint8Array>;
  /** Ends the connection from this side, as a signal does. */
  readonly signal?: AbortSignal;
}

/** The lines of the input; one that is too long ends it, as there is no telling what follows. */
export async function* linesOf(
  { input, signal }: LineSource,
  maxBytes: number,
): AsyncGenerator<string> {
  const reader = input.getReader();
  const onAbort = () => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const lines = (rest + decoder.decode(chunk.value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
      if (rest.length > maxBytes) throw new RangeError(`Line is longer than ${maxBytes} bytes`);
    }
    if (rest !== "") yield rest;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    onAbort();
  }
}
