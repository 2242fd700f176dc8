/**
 * The official clients; each finds out by itself where to get a token.
 *
 * @module
 */
// deno-lint-ignore-file no-import-prefix
import { Client as ClientV1 } from "npm:@modelcontextprotocol/sdk@1.32.2/client";
import { SSEClientTransport as SseV1 } from "npm:@modelcontextprotocol/sdk@1.32.2/client/sse.js";
import { StreamableHTTPClientTransport as HttpV1 } from "npm:@modelcontextprotocol/sdk@1.32.2/client/streamableHttp.js";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpV2,
} from "npm:@modelcontextprotocol/client@2.4.0";
import { signIn } from "./browser.ts";

const CALLBACK = "http://127.0.0.1:1/callback";

/** The memory of a user's client, and the user with a browser. */
export class SignIn {
  readonly redirectUrl = CALLBACK;
  readonly clientMetadata: Record<string, unknown> & {
    readonly client_name: string;
    readonly redirect_uris: string[];
  };
  /** URLs that the user was sent to. */
  readonly visited: URL[] = [];
  readonly user: string;
  // deno-lint-ignore no-explicit-any -- the types of the two clients differ
  client: any;
  // deno-lint-ignore no-explicit-any -- the same
  saved: any;
  /** How often tokens were saved. */
  saves = 0;
  #verifier = "";
  #answer: Promise<URLSearchParams> | undefined;

  constructor(user: string) {
    this.user = user;
    this.clientMetadata = {
      client_name: "test",
      redirect_uris: [CALLBACK],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  }

  /** The answer that the user's browser brought back. */
  get answer(): Promise<URLSearchParams> {
    return this.#answer ?? Promise.reject(new Error("nobody was asked to sign in"));
  }

  clientInformation = () => this.client;
  saveClientInformation = (client: unknown) => void (this.client = client);
  tokens = () => this.saved;
  saveTokens = (tokens: unknown) => {
    this.saved = tokens;
    this.saves++;
  };
  saveCodeVerifier = (verifier: string) => void (this.#verifier = verifier);
  codeVerifier = () => this.#verifier;
  redirectToAuthorization = (url: URL) => {
    this.visited.push(url);
    this.#answer = signIn(url, this.user, CALLBACK);
    // A test that does not wait for it fails for another reason.
    this.#answer.catch(() => {});
  };
}

/** A client that is signed in. */
export interface SignedIn extends AsyncDisposable {
  call(name: string): Promise<string>;
  readonly sessionId: string | undefined;
}

/** Connects a client, which is sent to sign in on the way. */
export type Connect = (url: URL, user: SignIn) => Promise<SignedIn>;

/** A transport that can be told the code. */
interface AuthTransport {
  finishAuth(code: string, issuer?: string): Promise<void>;
  readonly sessionId?: string | undefined;
}

// deno-lint-ignore no-explicit-any -- the types of the two clients differ
type AnyClient = any;

async function connect(
  makeClient: () => AnyClient,
  makeTransport: () => AuthTransport,
  user: SignIn,
): Promise<SignedIn> {
  let client = makeClient();
  let transport = makeTransport();
  try {
    await client.connect(transport);
  } catch (error) {
    if (!String(error).includes("Unauthorized")) throw error;
    const answer = await user.answer;
    await transport.finishAuth(answer.get("code") ?? "", answer.get("iss") ?? undefined);
    await client.close();
    client = makeClient();
    transport = makeTransport();
    await client.connect(transport);
  }
  return {
    get sessionId() {
      return transport.sessionId;
    },
    call: async (name) => {
      const { content } = await client.callTool({ name, arguments: {} });
      return content[0].text;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/**
 * A `fetch` that reads refusals to their end, because the client leaves those of its stream unread.
 */
async function readingRefusals(input: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (response.status !== 401) return response;
  return new Response(await response.text(), { status: 401, headers: response.headers });
}

/** Each client and how it connects. */
export const CONNECTS: Readonly<Record<string, Connect>> = {
  "SDK 1.x, Streamable HTTP": (url, user) =>
    connect(
      () => new ClientV1({ name: "sdk-1", version: "1" }),
      () => new HttpV1(url, { authProvider: user as AnyClient }),
      user,
    ),
  "SDK 1.x, SSE": (url, user) =>
    connect(
      () => new ClientV1({ name: "sdk-1", version: "1" }),
      () => new SseV1(url, { authProvider: user as AnyClient, fetch: readingRefusals }),
      user,
    ),
  "client 2.x, automatic": (url, user) =>
    connect(
      () => new ClientV2({ name: "sdk-2", version: "2" }, { versionNegotiation: { mode: "auto" } }),
      () => new HttpV2(url, { authProvider: user as AnyClient }) as unknown as AuthTransport,
      user,
    ),
  "client 2.x, pinned to 2026-07-28": (url, user) =>
    connect(
      () =>
        new ClientV2({ name: "sdk-2", version: "2" }, {
          versionNegotiation: { mode: { pin: "2026-07-28" } },
        }),
      () => new HttpV2(url, { authProvider: user as AnyClient }) as unknown as AuthTransport,
      user,
    ),
};
