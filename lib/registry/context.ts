import type * as z from "zod";
import type {
  ClientCapabilities,
  CreateMessageRequestParams,
  CreateMessageResult,
  ElicitRequestFormParams,
  LoggingLevel,
  Root,
} from "../wire/mcp_types.ts";

/** The client that a call comes from. */
export interface Caller {
  /** The client's address; `stdio` for a client at the other end of a pipe. */
  readonly address: string;
  /** Name the client gave itself; not verified. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** The authenticated principal, where there is authentication. */
  readonly principal?: string | undefined;
  /** The client that the caller's token was issued to. */
  readonly clientId?: string | undefined;
  /** The scopes of the caller's token; undefined without authentication. */
  readonly scopes?: readonly string[] | undefined;
  /** All that the caller's token says. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** For the server; tools read `ctx.headers`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * One session, as tools see it. Its values end with the session. Instances that share a store share
 * them, too.
 */
export interface ToolSession {
  /** The latest value; undefined if none was set. */
  readonly get: <T = unknown>(key: string) => T | undefined;
  /**
   * Keeps a value for later calls of the session.
   *
   * @param value anything that JSON can hold; undefined takes it away
   * @throws {TypeError} naming what JSON cannot hold
   * @throws {RangeError} for more than 100 values, or more than 16,384 characters of JSON in all
   */
  readonly set: (key: string, value: unknown) => void;
  /**
   * Shows this session the tools, resources, templates and prompts with a tag, even if they are
   * disabled for others (`enabled: false`). The client is notified that its lists have changed.
   *
   * @param tag 1 to 200 characters
   * @throws {TypeError} for anything else
   * @throws {RangeError} when the session shows and hides 100 other tags
   */
  readonly show: (tag: string) => void;
  /**
   * Hides the features with a tag from this session. The client is notified that its lists have
   * changed.
   *
   * @param tag 1 to 200 characters
   * @throws {TypeError} for anything else
   * @throws {RangeError} when the session shows and hides 100 other tags
   */
  readonly hide: (tag: string) => void;
}

/**
 * Sends log messages to the client (`notifications/message`), one method a level (RFC 5424). `meta`
 * is the `_meta` of the notification.
 */
export type ClientLog = Readonly<
  Record<
    LoggingLevel,
    (data: unknown, logger?: string, meta?: Readonly<Record<string, unknown>>) => void
  >
>;

/** Options of every question to the client. */
export interface AskOptions {
  /**
   * Names the question. In the 2026 era a handler runs again for each answer, and the name assigns
   * each answer to its question. Without names, the order assigns them.
   */
  readonly key?: string;
}

/** A question that the user answers by filling in a form. */
export interface FormQuestion<S extends z.ZodType> extends AskOptions {
  readonly message: string;
  /** A flat `z.object()` of strings, numbers, booleans and enums. */
  readonly schema: S;
}

/** The same with a schema in the protocol's own JSON form, for what zod does not express. */
export interface RawFormQuestion extends AskOptions {
  readonly message: string;
  readonly requestedSchema: ElicitRequestFormParams["requestedSchema"];
}

/** A request to the user to visit a page, for what must not pass through the client. */
export interface UrlQuestion extends AskOptions {
  readonly message: string;
  readonly url: string;
}

/** The user's answer to a question. */
export type Elicited<T> =
  | { readonly action: "accept"; readonly content: T }
  | { readonly action: "decline" | "cancel"; readonly content?: undefined };

/** Content of a form that was defined by a JSON Schema. */
export type FormContent = Readonly<Record<string, string | number | boolean | string[]>>;

/** Asks the user (2025-11-25 and 2026-07-28, client/elicitation). */
export interface Elicit {
  <S extends z.ZodType>(question: FormQuestion<S>): Promise<Elicited<z.output<S>>>;
  (question: RawFormQuestion): Promise<Elicited<FormContent>>;
  (question: UrlQuestion): Promise<Elicited<undefined>>;
}

/**
 * The second argument of a tool's `run`, a prompt's `run` and a resource's `read`. `App` is the
 * part of `onStart`'s result that the handler needs. All functions can be destructured: `run(input,
 * { signal, progress })`.
 *
 * `elicit`, `sample` and `roots` work in every era of the protocol that has them. In the 2026 era
 * the handler does not really wait: the client gets the question as the result and sends the answer
 * in a new request. Then the handler runs again **from its beginning**, and earlier questions
 * return their answers at once. Code before such an `await` therefore runs once for each round: put
 * side effects after the last question.
 */
export interface ToolContext<App = unknown> {
  /**
   * The request's headers that `MCP_TOOL_HEADERS` names, with their names in lower case. For a
   * stream of 2024-11-05 or of the plain dialect, those of the request that opened it; empty over
   * stdio.
   */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /**
   * The request's `_meta` without the keys that the protocol defines, such as a trace context; empty
   * if there is none.
   */
  readonly meta: Readonly<Record<string, unknown>>;
  /** The client's session; undefined if there is none, as in the 2026 era. */
  readonly session: ToolSession | undefined;
  /** The result of `onStart`, such as a pool of database connections; undefined without one. */
  readonly app: App;
  /**
   * Aborts when nobody waits for the answer any more. `signal.reason` is a `CallAborted`; its
   * `reason` is the stream's close reason, `cancelled` or `timeout`.
   */
  readonly signal: AbortSignal;
  /** Id of the stream the answer goes to, where there is one. */
  readonly connectionId: string | undefined;
  readonly caller: Caller;
  /** The client's capabilities: a handler can do something else where one is missing. */
  readonly capabilities: ClientCapabilities;
  readonly log: ClientLog;
  /** Whether the client asked for progress, for a handler that has to do something to learn of it. */
  readonly wantsProgress: boolean;
  /**
   * Reports progress, where the client asked for it.
   *
   * @param progress must grow from call to call; a value that does not is not sent
   * @param total what `progress` will be at the end, where known
   * @param message for a person to read
   * @param meta the `_meta` of the notification
   */
  readonly progress: (
    progress: number,
    total?: number,
    message?: string,
    meta?: Readonly<Record<string, unknown>>,
  ) => void;
  /**
   * Asks the user, by a form or by a page to visit.
   *
   * @throws {Error} when the client cannot do that
   */
  readonly elicit: Elicit;
  /**
   * Has the client's model complete a conversation (client/sampling).
   *
   * @throws {Error} when the client cannot do that
   */
  readonly sample: (
    params: CreateMessageRequestParams,
    options?: AskOptions,
  ) => Promise<CreateMessageResult>;
  /**
   * The folders the client works in (client/roots).
   *
   * @throws {Error} when the client cannot do that
   */
  readonly roots: (options?: AskOptions) => Promise<readonly Root[]>;
  /**
   * Releases the response stream while the work continues, if the client can resume it (2025-11-25,
   * basic/transports). The client reconnects after `retryMs` and misses nothing. For other clients
   * it does nothing. The time is rounded and limited to between 0 and an hour; anything but a
   * number means a second.
   */
  readonly releaseStream: (retryMs?: number) => void;
}
