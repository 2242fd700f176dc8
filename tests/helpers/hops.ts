/**
 * Paths that misbehave: proxies of a few lines between a client and an app, without sockets.
 *
 * @module
 */
import type { App } from "../../lib/http/app.ts";

/** One proxy: may change, hold, cut or refuse what passes. */
export type Hop = (
  request: Request,
  next: (request: Request) => Promise<Response>,
) => Promise<Response>;

/** A `fetch` that reaches an app through hops; the first is the nearest to the client. */
export function fetchThrough(app: App, ...hops: readonly Hop[]): typeof fetch {
  const answer = hops.reduceRight<(request: Request) => Promise<Response>>(
    (next, hop) => (request) => hop(request, next),
    async (request) => await app.fetch(request),
  );
  return (input, init) => {
    const request = new Request(input, init);
    const { signal } = request;
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    return Promise.race([answer(request).then((response) => abortable(response, signal)), promise]);
  };
}

/** A response whose body fails when its request is aborted, like the response of a real `fetch`. */
function abortable(response: Response, signal: AbortSignal): Response {
  if (response.body === null) return response;
  const { readable, writable } = new TransformStream<
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>
  >();
  response.body.pipeTo(writable, { signal }).catch(() => {});
  return new Response(readable, response);
}

/** Whether a response is an event stream. */
export function isStream({ headers }: Response): boolean {
  return headers.get("content-type") === "text/event-stream";
}

/** Sends event streams through a transformation of their bytes. */
export function transforming(
  transformer: () => TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>,
): Hop {
  return async (request, next) => {
    const response = await next(request);
    if (!isStream(response) || response.body === null) return response;
    return new Response(response.body.pipeThrough(transformer()), response);
  };
}

/** Holds a response back until it is complete, like a proxy that buffers. */
export const holdsAll: Hop = async (request, next) => {
  const response = await next(request);
  const bytes = await response.arrayBuffer();
  return new Response(bytes.byteLength === 0 ? null : bytes, response);
};

/** How {@linkcode holdsBursts} holds. */
export interface BurstOptions {
  /** Chunks that go on together. */
  readonly size: number;
  /** Chunks that pass before the first is held. */
  readonly after: number;
  /** The longest time to hold a chunk (ms); default: for ever. */
  readonly forMs?: number;
}

/** Holds chunks until there are several of them, or some time is over. */
export function holdsBursts({ size, after, forMs }: BurstOptions): Hop {
  return transforming(() => {
    let seen = 0;
    let held: Uint8Array<ArrayBuffer>[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => clearTimeout(timer);
    const passOn = (controller: TransformStreamDefaultController) => {
      stop();
      for (const one of held) controller.enqueue(one);
      held = [];
    };
    return new TransformStream({
      transform(chunk, controller) {
        held.push(chunk);
        if (seen++ < after || held.length >= size) return passOn(controller);
        if (held.length === 1 && forMs !== undefined) {
          timer = setTimeout(() => passOn(controller), forMs);
        }
      },
      flush: passOn,
      cancel: stop,
    });
  });
}

/** Ends a stream after so long a silence. */
export function cutsSilence(ms: number): Hop {
  return timed((controller) => setTimeout(() => controller.terminate(), ms), true);
}

/** Ends a stream at such an age. */
export function cutsAge(ms: number): Hop {
  return timed((controller) => setTimeout(() => controller.terminate(), ms), false);
}

/** After this time of silence it passes nothing on, and tells neither side. */
export function forgetsAfter(ms: number): Hop {
  return transforming(() => {
    let isForgotten = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => clearTimeout(timer);
    return new TransformStream({
      transform(chunk, controller) {
        stop();
        if (!isForgotten) controller.enqueue(chunk);
        timer = setTimeout(() => isForgotten = true, ms);
      },
      flush: stop,
      cancel: stop,
    });
  });
}

/** Removes a header of requests. */
export function dropsRequestHeader(name: string): Hop {
  return (request, next) => {
    const headers = new Headers(request.headers);
    headers.delete(name);
    return next(new Request(request, { headers }));
  };
}

/** Changes the headers of what passes. */
export function withHeaders(given: Readonly<Record<string, string>>, dropped: string[] = []): Hop {
  return async (request, next) => {
    const response = await next(request);
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(given)) headers.set(name, value);
    for (const name of dropped) headers.delete(name);
    return new Response(response.body, { status: response.status, headers });
  };
}

/** Answers some requests itself. */
export function answers(test: (request: Request) => boolean, answer: () => Response): Hop {
  return async (request, next) => test(request) ? answer() : await next(request);
}

/** Keeps the stream to the server open, and reads it, when the client has gone. */
export const hidesHangUp: Hop = unhurried(async (reader) => {
  while (!(await reader.read()).done);
});

/** Leaves the server only when it cannot pass the next byte on to the client. */
export const noticesAtNextByte: Hop = unhurried(async (reader) => {
  await reader.read();
  await reader.cancel();
});

/** Passes a stream on, and leaves it to `onLeave` what to do when the client has gone. */
function unhurried(
  onLeave: (reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>) => Promise<void>,
): Hop {
  return async (request, next) => {
    const response = await next(new Request(request, { signal: null }));
    if (!isStream(response) || response.body === null) return response;
    const reader = response.body.getReader();
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void onLeave(reader),
    });
    return new Response(body, response);
  };
}

function timed(
  start: (controller: TransformStreamDefaultController) => ReturnType<typeof setTimeout>,
  isRestarted: boolean,
): Hop {
  return transforming(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => clearTimeout(timer);
    return new TransformStream({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        if (isRestarted) stop();
        if (isRestarted || timer === undefined) timer = start(controller);
      },
      flush: stop,
      cancel: stop,
    });
  });
}
