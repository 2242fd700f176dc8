/**
 * Requests that a foreign page makes a browser send.
 *
 * @module
 */
import { toolCall } from "../../helpers/app.ts";
import type { Answers, Attack } from "../attack.ts";
import { STREAM_ONLY } from "../requests.ts";

/** A page's requests come from where the browser is: the honest client's own address. */
const HERE = "127.0.0.1";
const PAGE = "http://localhost:9597";

const noCors = (site: string) => ({
  "sec-fetch-site": site,
  "sec-fetch-mode": "no-cors",
  "sec-fetch-dest": "empty",
});

/** Nobody was let in. */
function noneTaken(answers: Answers): string | undefined {
  const taken = (answers.get("200") ?? 0) + (answers.get("204") ?? 0);
  return taken === 0 ? undefined : `${taken} requests were taken`;
}

export const PAGES: readonly Attack[] = [
  {
    name: "pages: streams opened without CORS from another site",
    lanes: 8,
    strike: async (force) => {
      await force.send({
        path: "/mcp",
        headers: { accept: "text/event-stream", ...noCors("cross-site") },
        from: HERE,
      });
    },
    breach: noneTaken,
  },
  {
    name: "pages: streams opened without CORS from another port",
    lanes: 8,
    strike: async (force) => {
      await force.send({
        path: "/mcp/sse",
        headers: { accept: "text/event-stream", ...noCors("same-site") },
        from: HERE,
      });
    },
    breach: noneTaken,
  },
  {
    name: "pages: calls sent as forms from another site",
    lanes: 8,
    strike: async (force) => {
      await force.send({
        method: "POST",
        path: "/mcp",
        headers: { "content-type": "text/plain", origin: "http://evil.test" },
        body: JSON.stringify(toolCall("echo", { message: "x" })),
        from: HERE,
      });
    },
    breach: noneTaken,
  },
  {
    name: "pages: the operator's surface from another port",
    lanes: 8,
    strike: async (force) => {
      const headers = { origin: PAGE, "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" };
      for (const path of ["/mcp/connections", "/metrics", "/connections.html"]) {
        await force.send({ path, headers, from: HERE });
      }
    },
    breach: noneTaken,
  },
  {
    name: "pages: streams opened without CORS by a client that names no site",
    lanes: 8,
    strike: async (force) => {
      await force.send({ path: "/mcp", headers: { accept: STREAM_ONLY.accept } });
    },
  },
];
