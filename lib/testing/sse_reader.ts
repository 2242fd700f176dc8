/** An event of an event stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Reads the events of a response body (HTML standard, section 9.2), comments left out.
 *
 * @param body ends when the stream does; cancelled when the caller stops reading
 * @param signal leaves the stream
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<StreamEvent> {
  let rest = "";
  const texts = body.pipeThrough(
    new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
    signal === undefined ? {} : { signal },
  );
  for await (const text of texts) {
    const blocks = (rest + text).split(/\r\n\r\n|\n\n|\r\r/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseBlock(block: string): StreamEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value = ""] = /^([^:]+)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join("\n") };
}
