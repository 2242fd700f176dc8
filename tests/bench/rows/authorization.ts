/**
 * Calls with an access token whose verdict is cached, against calls without authorization: without
 * the token, and with it, because Deno takes time to read a header as long as a token.
 *
 * @module
 */
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { inTurn } from "../load.ts";
import type { RowGroup } from "../report.ts";
import { ECHO_CALL } from "../requests.ts";
import { guardedLifeline, lifeline, ServerProcess } from "../server_process.ts";
import { compared } from "./compared.ts";

const ISSUER = "https://issuer.example/realms/bench";
const AUDIENCE = "https://mcp.example";

/** A token such as identity providers issue, and the key that it is checked with. */
async function issue() {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const token = await new SignJWT({
    azp: "bench",
    client_id: "bench",
    scope: "openid profile email notes:read notes:write",
    jti: crypto.randomUUID(),
    sid: crypto.randomUUID(),
  }).setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: "bench" })
    .setIssuer(ISSUER).setAudience(AUDIENCE).setSubject(crypto.randomUUID())
    .setIssuedAt().setExpirationTime("1h").sign(privateKey);
  return { token, keys: [{ ...await exportJWK(publicKey), kid: "bench", alg: "RS256" }] };
}

export const authorizedCalls: RowGroup = {
  name: "calls with an access token",
  run: async (effort) => {
    const { token, keys } = await issue();
    await using open = await ServerProcess.start(lifeline());
    await using guarded = await ServerProcess.start(guardedLifeline(keys, [
      `--mcp-public-url=${AUDIENCE}`,
      `--mcp-auth-issuers=${ISSUER}`,
    ]));
    const headers = { ...ECHO_CALL.headers, Authorization: `Bearer ${token}` };
    const found = await inTurn({
      open: { server: open, ...ECHO_CALL },
      same: { server: open, ...ECHO_CALL, headers },
      guarded: { server: guarded, ...ECHO_CALL, headers },
    }, effort);
    return {
      rows: [
        compared(found.guarded, found.open, {
          what: "`tools/call` of `echo` with a JWT whose verdict is kept",
          atLeast: 0.9,
          of: "Lifeline without authorization",
          mine: "Lifeline with authorization",
        }),
        compared(found.guarded, found.same, {
          what: "the same, beside the same request",
          atLeast: 0.95,
          of: "Lifeline without authorization, which gets the token and ignores it",
          mine: "Lifeline with authorization",
        }),
      ],
    };
  },
};
