/**
 * Proxies of a few lines between the browser and the server.
 *
 * @module
 */

/** A proxy that listens on its own port. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
}

/** Passes a request on to the server; the `fetch` to it ends with the proxy. */
type Pass = (request: Request, upstream: URL, signal: AbortSignal) => Promise<Response>;

/** A proxy that passes a stream on when it has all of it, as nginx with `proxy_buffering`. */
export function bufferingProxy(upstreamPort: number): Proxy {
  return proxy(upstreamPort, async (request, upstream, signal) => {
    const response = await ask(request, upstream, signal);
    const bytes = await response.arrayBuffer();
    return new Response(bytes.byteLength === 0 ? null : bytes, response);
  });
}

/** A proxy that serves the server under a path, as nginx `location /ai/ { proxy_pass …/; }`. */
export function prefixProxy(upstreamPort: number, prefix: string): Proxy {
  return proxy(upstreamPort, async (request, upstream, signal) => {
    if (!upstream.pathname.startsWith(prefix)) return new Response("Not found", { status: 404 });
    upstream.pathname = `/${upstream.pathname.slice(prefix.length)}`;
    const response = await ask(request, upstream, signal);
    return new Response(response.body, response);
  });
}

/** A proxy that breaks off every event stream that answers a POST with a call, after some time. */
export function cuttingProxy(upstreamPort: number, afterMs: number): Proxy {
  return proxy(upstreamPort, async (request, upstream, signal) => {
    const body = await request.text();
    const isCall = body.includes('"tools/call"');
    const own = new AbortController();
    const response = await fetch(upstream, {
      method: request.method,
      headers: request.headers,
      ...(body !== "" && { body }),
      signal: AbortSignal.any([signal, own.signal]),
    });
    if (!isCall || response.body === null) return new Response(response.body, response);
    const reader = response.body.getReader();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        timer = setTimeout(() => {
          controller.close();
          own.abort();
        }, afterMs);
      },
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          clearTimeout(timer);
          controller.close();
        } catch {
          // The proxy itself has ended it.
        }
      },
      cancel: () => {
        clearTimeout(timer);
        own.abort();
      },
    });
    return new Response(stream, response);
  });
}

function proxy(upstreamPort: number, pass: Pass): Proxy {
  const ended = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const upstream = new URL(request.url);
      upstream.port = String(upstreamPort);
      try {
        return await pass(request, upstream, AbortSignal.any([request.signal, ended.signal]));
      } catch {
        return new Response(null, { status: 502 });
      }
    },
  );
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: async () => {
      ended.abort();
      await server.shutdown();
    },
  };
}

async function ask(request: Request, upstream: URL, signal: AbortSignal): Promise<Response> {
  return await fetch(new Request(upstream, request), { signal, redirect: "manual" });
}
