/**
 * Scopes of messages on a pipe.
 *
 * @module
 */
import { ALL_SCOPES } from "../../auth/scopes.ts";
import type { InFlight } from "../../mcp/in_flight.ts";
import {
  type LegacyScope,
  NOT_WATCHING,
  type RequestScope,
  type ScopeDescription,
} from "../../mcp/scope.ts";
import type { ClientState } from "../../mcp/session/client_state.ts";
import type { Caller } from "../../registry/context.ts";
import type { JsonRpcNotification, JsonRpcRequest } from "../../wire/json_rpc.ts";
import type { ClientCapabilities, LoggingLevel } from "../../wire/mcp_types.ts";
import { Client } from "../../stream/client.ts";
import { callerOf } from "../caller.ts";
import type { ModernClient } from "../modern/client.ts";

/** The client at the other end of a pipe. */
const PIPE_CLIENT = new Client({ address: "stdio", userAgent: "", identity: undefined });

/**
 * The caller at the other end of a pipe. It has started the server, so it may use everything.
 *
 * @param info its `clientInfo`
 */
export function pipeCaller(info?: unknown): Caller {
  return { ...callerOf(PIPE_CLIENT, info), scopes: ALL_SCOPES };
}

/** Takes the messages of a pipe. */
export interface PipeOutput {
  send(message: JsonRpcNotification | JsonRpcRequest): void;
  endProgress(token: string | number): void;
}

/** The part that scopes on a pipe share. */
abstract class OnPipe {
  readonly connectionId = undefined;
  /** No page speaks over a pipe. */
  readonly page = undefined;
  readonly #output: PipeOutput;

  constructor(output: PipeOutput) {
    this.#output = output;
  }

  send(message: JsonRpcNotification | JsonRpcRequest): void {
    this.#output.send(message);
  }

  endProgress(token: string | number): void {
    this.#output.endProgress(token);
  }

  /** The end of the pipe aborts what runs. */
  onClientGone(): () => void {
    return NOT_WATCHING;
  }

  /** A pipe has no stream to let go of. */
  releaseStream(): void {}
}

/** The scope of a request of 2026-07-28 or later, which carries its client's capabilities. */
export class PipeScope extends OnPipe implements RequestScope {
  readonly session = undefined;
  readonly caller: Caller;
  readonly capabilities: ClientCapabilities;
  readonly logLevel: LoggingLevel | undefined;
  readonly inFlight: InFlight;

  constructor(client: ModernClient, inFlight: InFlight, output: PipeOutput) {
    super(output);
    this.caller = pipeCaller(client.info);
    this.capabilities = client.capabilities;
    this.logLevel = client.logLevel;
    this.inFlight = inFlight;
  }

  describe(): ScopeDescription {
    return { transport: "pipe", session: undefined, protocolVersion: undefined };
  }
}

/** The one legacy session of a pipe; the same for all its messages. */
export class SessionPipeScope extends OnPipe implements LegacyScope {
  readonly session: ClientState;

  constructor(session: ClientState, output: PipeOutput) {
    super(output);
    this.session = session;
  }

  get caller(): Caller {
    return this.session.caller;
  }

  get capabilities(): ClientCapabilities {
    return this.session.capabilities;
  }

  get logLevel(): LoggingLevel {
    return this.session.logLevel;
  }

  get inFlight(): InFlight {
    return this.session.inFlight;
  }

  describe(): ScopeDescription {
    return {
      transport: "pipe",
      session: undefined,
      protocolVersion: this.session.agreedVersion,
    };
  }
}
