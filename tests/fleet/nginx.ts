/**
 * nginx before the instances, as docs/operations/continuity.md shows it. Only addresses and
 * certificates are put in place of what stands there.
 *
 * @module
 */
import { assert } from "@std/assert";
import { nginxWith } from "../doctor/programs/nginx.ts";
import { type RunningProxy, startProxy } from "../doctor/programs/proxy_process.ts";

const DOCUMENT = new URL("../../docs/operations/continuity.md", import.meta.url);

/** Starts nginx (apt-get install nginx-light) before three instances on these ports. */
export function startNginx(ports: readonly number[]): Promise<RunningProxy> {
  const site = /```nginx\n(.*?)```/s.exec(Deno.readTextFileSync(DOCUMENT))?.[1] ?? "";
  const program = nginxWith((port) => {
    const swaps = [
      ["listen 443 ssl http2;", `listen 127.0.0.1:${port};`],
      ["ssl_certificate /etc/ssl/mcp.example.com.crt;", ""],
      ["ssl_certificate_key /etc/ssl/mcp.example.com.key;", ""],
      ...ports.map((at, index) => [`10.0.0.${index + 1}:8000`, `127.0.0.1:${at}`]),
    ] as const;
    return swaps.reduce((text, [from = "", to = ""]) => {
      assert(text.includes(from), `continuity.md says ${JSON.stringify(from)}`);
      return text.replace(from, to);
    }, site);
  });
  return startProxy(program, 0);
}
