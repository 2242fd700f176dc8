/**
 * The authorization server as a process of its own, for tests that do without its packages. Its
 * first line names the issuer; its argument holds what pages may do, and `ttl` in seconds.
 *
 * @module
 */
import { startAuthorizationServer } from "./authorization_server.ts";

const { ttl = 600, ...pages } = JSON.parse(Deno.args[0] ?? "{}");
const server = await startAuthorizationServer(pages);
server.tokens.ttl = ttl;
Deno.stdout.writeSync(new TextEncoder().encode(`${server.issuer}\n`));
