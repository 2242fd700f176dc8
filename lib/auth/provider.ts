/**
 * Requests to identity providers: bounded in size and time, without redirects, over https unless
 * the provider is on this machine.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { isLoopback } from "../base/urls.ts";
import { unavailable } from "./auth_failure.ts";

/** Asks an identity provider; the signature of `fetch`, so that tests can stand in its place. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 262_144;
/** Longest time for an answer, its body included (ms). */
const PROVIDER_TIMEOUT_MS = 5_000;

/** Whether a URL may be asked for what tokens are checked by. */
function isTrustworthyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.hash !== "") return false;
  return url.protocol === "https:" ||
    (url.protocol === "http:" && isLoopback(url.hostname));
}

/** Asks identity providers for JSON objects. */
export class Provider {
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;

  constructor(ask: Fetch = fetch, timeoutMs = PROVIDER_TIMEOUT_MS) {
    this.#fetch = ask;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks for a JSON object.
   *
   * @throws {AuthFailure} `unavailable`, whatever went wrong
   */
  async json(url: string, init: RequestInit = {}): Promise<Readonly<Record<string, unknown>>> {
    if (!isTrustworthyUrl(url)) throw unavailable(`${url} is neither https nor on this machine`);
    const abort = new AbortController();
    const timer = setTimeout(
      () => abort.abort(new Error(`no answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    try {
      return await this.#read(url, { ...init, signal: abort.signal });
    } catch (error) {
      const why = abort.signal.aborted ? abort.signal.reason : error;
      throw unavailable(`The identity provider cannot be asked: ${url}: ${reasonOf(why)}`, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(url: string, init: RequestInit): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.#fetch(url, {
      ...init,
      redirect: "manual",
      credentials: "omit",
      headers: { accept: "application/json", ...init.headers },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}, expected 200`);
    }
    const value: unknown = JSON.parse(await readText(response));
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Error("expected a JSON object");
    }
    return value as Readonly<Record<string, unknown>>;
  }
}

/** The error with its causes: a failed `fetch` itself says only that it failed. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)} (${cause.message})` : messageOf(error);
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (size > MAX_ANSWER_BYTES) throw new Error(`answer above ${MAX_ANSWER_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
