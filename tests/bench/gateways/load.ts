/**
 * Calls per second of several callers in one session, by wrk.
 *
 * @module
 */
const CALLERS = 16;
const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};
const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "echo", arguments: { message: "hi" } },
});

/** Opens a session once the gateway answers. */
export async function openSession(url: string): Promise<string> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "bench", version: "1" },
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  for (let tries = 0; tries < 120; tries++) {
    try {
      const response = await fetch(url, { method: "POST", headers: HEADERS, body });
      await response.text();
      const session = response.headers.get("mcp-session-id");
      if (session !== null) {
        const headers = { ...HEADERS, "mcp-session-id": session };
        const message = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
        await (await fetch(url, { method: "POST", headers, body: message })).text();
        return session;
      }
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${url} does not answer`);
}

/** Calls per second, and the share of answers that are not 200. */
export async function load(
  url: string,
  session: string,
  seconds: number,
): Promise<{ rate: number; errors: string }> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  const headers = Object.entries({ ...HEADERS, "mcp-session-id": session })
    .map(([name, value]) => `wrk.headers["${name}"]="${value}"`);
  await Deno.writeTextFile(
    script,
    ['wrk.method="POST"', `wrk.body='${CALL}'`, ...headers].join("\n"),
  );
  const { stdout } = await new Deno.Command("wrk", {
    args: ["-t1", `-c${CALLERS}`, `-d${seconds}s`, "-s", script, url],
  }).output();
  const text = new TextDecoder().decode(stdout);
  await Deno.remove(script);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    errors: /Non-2xx[^\n]*|Socket errors[^\n]*/.exec(text)?.[0] ?? "",
  };
}
