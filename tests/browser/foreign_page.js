/**
 * What a page that is not the server's own tries. It runs in the page, so it imports nothing.
 *
 * @module
 */

/**
 * @typedef {object} Target
 * @property {string} base of the server, such as `http://localhost:8000`
 * @property {string} plainId of a plain stream of somebody else
 * @property {string} sessionId of a session of somebody else
 * @property {string} oldEndpoint of a 2024-11-05 stream of somebody else, a path with its id
 */

/**
 * Tries all ways in which a page can ask another origin.
 *
 * @param {Target} target
 * @returns {Promise<Record<string, string>>} what it could read, by name: `blocked`, `opaque`, a
 *   status, or what happened
 */
export async function tryEverything({ base, plainId, sessionId, oldEndpoint }) {
  /** @type {Record<string, string>} */
  const seen = {};
  const CALL = JSON.stringify({
    jsonrpc: "2.0",
    id: "foreign",
    method: "tools/call",
    params: { name: "echo", arguments: { message: "from a foreign page" } },
  });
  const JSON_TYPE = { "content-type": "application/json" };
  const STREAM = { accept: "text/event-stream" };
  const PATHS = ["/mcp", "/mcp/sse"];
  const OPERATOR = ["/mcp/connections", "/metrics", "/connections.html"];
  const OPERATOR_AND_PAGES = [...OPERATOR, "/", "/sse-test.html"];
  const PATIENCE_MS = 5_000;

  /** @type {(name: string, path: string, init?: RequestInit) => Promise<void>} */
  const ask = async (name, path, init = {}) => {
    const left = new AbortController();
    try {
      const response = await fetch(base + path, { ...init, signal: left.signal });
      seen[name] = response.type === "opaque" ? "opaque" : String(response.status);
    } catch {
      seen[name] = "blocked";
    }
    left.abort();
  };
  /** @type {<T extends EventTarget>(target: T, good: string, bad: string) => Promise<string>} */
  const outcome = (target, good, bad) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve("nothing"), PATIENCE_MS);
      for (const type of [good, bad]) {
        target.addEventListener(type, () => {
          clearTimeout(timer);
          resolve(type);
        }, { once: true });
      }
    });

  for (const path of OPERATOR) {
    await ask(`read ${path}`, path);
    await ask(`read ${path} with a guess of the token`, path, {
      headers: { authorization: "Bearer guess-guess-guess-guess" },
    });
  }
  await ask("end streams as the operator", "/mcp/connections", { method: "DELETE" });
  await ask("end one stream as the operator", `/mcp/connections?id=${plainId}`, {
    method: "DELETE",
  });
  for (const path of PATHS) {
    await ask(`open a stream without CORS at ${path}`, path, { mode: "no-cors", headers: STREAM });
    await ask(`call as text without CORS at ${path}`, path, {
      method: "POST",
      mode: "no-cors",
      headers: { "content-type": "text/plain" },
      body: CALL,
    });
    await ask(`call as a form without CORS at ${path}`, path, {
      method: "POST",
      mode: "no-cors",
      body: new URLSearchParams({ [CALL]: "" }),
    });
  }
  const inSession = {
    "mcp-session-id": sessionId,
    "mcp-protocol-version": "2025-11-25",
    accept: "application/json, text/event-stream",
  };
  const onPlain = { "mcp-connection-id": plainId };
  const post = { method: "POST", body: CALL };
  await ask("call into a session", "/mcp", { ...post, headers: { ...JSON_TYPE, ...inSession } });
  await ask("listen to a session", "/mcp", { headers: inSession });
  await ask("end a session", "/mcp", { method: "DELETE", headers: inSession });
  await ask("call into a plain stream", "/mcp/sse", {
    ...post,
    headers: { ...JSON_TYPE, ...onPlain },
  });
  await ask("end a plain stream", "/mcp/sse", { method: "DELETE", headers: onPlain });
  await ask("call into a 2024-11-05 stream", oldEndpoint, { ...post, headers: JSON_TYPE });
  await ask("call into a 2024-11-05 stream as text", oldEndpoint, {
    ...post,
    mode: "no-cors",
    headers: { "content-type": "text/plain" },
  });

  navigator.sendBeacon(`${base}/mcp`, new Blob([CALL], { type: "text/plain" }));
  navigator.sendBeacon(base + oldEndpoint, new Blob([CALL], { type: "text/plain" }));
  for (const path of [...PATHS, ...OPERATOR]) {
    const image = new Image();
    image.src = base + path;
    seen[`show ${path} as an image`] = await outcome(image, "load", "error");
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = base + path;
    document.head.append(style);
    seen[`use ${path} as a style`] = await outcome(style, "load", "error");
    const script = document.createElement("script");
    script.src = base + path;
    document.head.append(script);
    seen[`run ${path} as a script`] = await outcome(script, "load", "error");
  }
  for (const path of OPERATOR_AND_PAGES) {
    const frame = document.createElement("iframe");
    frame.name = path;
    frame.src = base + path;
    document.body.append(frame);
    await outcome(frame, "load", "error");
  }
  for (const path of [...PATHS, oldEndpoint]) {
    const frame = document.createElement("iframe");
    frame.name = `form ${path}`;
    document.body.append(frame);
    const form = document.createElement("form");
    Object.assign(form, { action: base + path, method: "POST", enctype: "text/plain" });
    form.target = frame.name;
    const field = document.createElement("input");
    // A form writes `name=value`: together they are JSON.
    const [head = "", tail = ""] = CALL.split("from a foreign page");
    Object.assign(field, { name: `${head}from a foreign form `, value: ` ${tail}` });
    form.append(field);
    document.body.append(form);
    const sent = outcome(frame, "load", "error");
    form.submit();
    await sent;
  }
  return seen;
}

/**
 * Opens an EventSource and looks whether it opens.
 *
 * @param {string} url
 * @returns {Promise<string>}
 */
export function tryEventSource(url) {
  return new Promise((resolve) => {
    const source = new EventSource(url);
    const end = (/** @type {string} */ result) => {
      source.close();
      resolve(result);
    };
    source.onopen = () => end("open");
    source.onerror = () => end("error");
  });
}

/**
 * Opens a WebSocket and looks whether it opens.
 *
 * @param {string} url
 * @returns {Promise<string>}
 */
export function tryWebSocket(url) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("error");
  });
}

/**
 * Initializes a session and calls a tool in it, as a client in a page does.
 *
 * @param {string} url
 * @returns {Promise<string>} the text of the result
 */
export async function callHonestly(url) {
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  /** @type {(body: unknown, more?: Record<string, string>) => Promise<Response>} */
  const post = (body, more = {}) =>
    fetch(url, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(body) });
  const opened = await post({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "page", version: "1" },
    },
  });
  const id = opened.headers.get("mcp-session-id") ?? "";
  const answer = await post({
    jsonrpc: "2.0",
    id: 2,
    method: "tools/call",
    params: { name: "echo", arguments: { message: "from an honest page" } },
  }, { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" });
  return await answer.text();
}
