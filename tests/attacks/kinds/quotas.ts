/**
 * One client that tries to use up the share of all others.
 *
 * @module
 */
import { rpc, toolCall } from "../../helpers/app.ts";
import type { Answers, Attack, Force } from "../attack.ts";
import { initialize, inSession, openSession, post } from "../requests.ts";

/** The attackers' proxy, which the server trusts. */
const PROXY = "127.0.0.9";
const TRUSTED = { MCP_TRUSTED_PROXIES: `${PROXY}/32` };

/** One client can initialize so often; all else must have been refused. */
function wasBounded(answers: Answers): string | undefined {
  const taken = answers.get("200") ?? 0;
  const refused = answers.get("429") ?? 0;
  return refused > 0 ? undefined : `${taken} sessions, and none refused`;
}

const initializeAs = (headers: (n: number) => Record<string, string>) => async (force: Force) => {
  await force.send(post(initialize(), { from: PROXY, headers: headers(force.sent) }));
};

const hex = (n: number) => (n % 0xffff).toString(16);

export const QUOTAS: readonly Attack[] = [
  {
    name: "quotas: sessions of one client where 100 have room",
    settings: { MCP_MAX_SESSIONS: 100 },
    lanes: 8,
    strike: async (force) => {
      const { notes } = force;
      if (notes.length < 190) {
        const id = await openSession(force);
        if (id !== undefined) return void notes.push(id);
      }
      const id = notes[force.sent % Math.max(1, notes.length)] ?? "";
      await force.send(post(JSON.stringify(rpc("ping", {})), { headers: inSession(id) }));
    },
  },
  {
    name: "quotas: Forwarded beside what the proxy wrote",
    settings: TRUSTED,
    lanes: 8,
    strike: initializeAs((n) => ({
      forwarded: `for=6.6.${(n >> 8) % 256}.${n % 256}`,
      "x-forwarded-for": "203.0.113.7",
    })),
    breach: wasBounded,
  },
  {
    name: "quotas: addresses of one IPv6 network",
    settings: TRUSTED,
    lanes: 8,
    strike: initializeAs((n) => ({ "x-forwarded-for": `2001:db8:1:2:${hex(n)}::${hex(n * 7)}` })),
    breach: wasBounded,
  },
  {
    name: "quotas: one address in many spellings",
    settings: TRUSTED,
    lanes: 8,
    strike: initializeAs((n) => ({
      "x-forwarded-for": [
        "2001:db8::1",
        "2001:DB8::1",
        "2001:db8:0::1",
        "2001:0db8::0001",
        "2001:db8:0:0:0:0:0:1",
        "2001:db8::0.0.0.1",
      ][n % 6]!,
    })),
    breach: wasBounded,
  },
  {
    name: "quotas: calls as fast as they go",
    lanes: 8,
    strike: async (force) => {
      await force.send(post(JSON.stringify(toolCall("echo", { message: "x" }))));
    },
  },
  {
    name: "quotas: completions as fast as they go",
    lanes: 8,
    strike: async (force) => {
      await force.send(post(JSON.stringify(rpc("completion/complete", {
        ref: { type: "ref/prompt", name: "none" },
        argument: { name: "a", value: "b" },
      }))));
    },
  },
  {
    name: "quotas: guesses of the operator's token",
    settings: { MCP_ADMIN_TOKEN: "0123456789abcdef0123456789abcdef" },
    lanes: 8,
    strike: async (force) => {
      await force.send({
        path: "/mcp/connections",
        headers: { authorization: `Bearer guess${force.sent}` },
      });
    },
    breach: (answers) =>
      (answers.get("429") ?? 0) > 0 && !answers.has("200") ? undefined : "guesses were not bounded",
  },
];
