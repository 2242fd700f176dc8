/**
 * The authorization server as its own process, for tests that do not load its packages. Its first
 * line names the issuer; its argument has the rights of pages, and `ttl` in seconds.
 *
 * @module
 */
import { startAuthorizationServer } from "./authorization_server.ts";

const { ttl = 600, ...pages } = JSON.parse(Deno.args[0] ?? "{}");
const server = await startAuthorizationServer(pages);
server.tokens.ttl = ttl;
Deno.stdout.writeSync(new TextEncoder().encode(`${server.issuer}\n`));
