/**
 * Multi round-trip requests (2026-07-28, basic/patterns/mrtr): a handler's questions become the
 * result, and when the client comes back with answers the handler runs again from its beginning,
 * with the answers at hand. The answers so far travel in `requestState`, which is sealed, expires,
 * and belongs to one method, its arguments, its caller and the web page that it called from, so that
 * the server keeps no state.
 *
 * @module
 */
import { CallAborted, ProtocolError } from "../../base/errors.ts";
import { sha256Text } from "../../base/node.ts";
import { ignoreRejection, isPromise } from "../../base/promises.ts";
import type { Signer } from "../../base/signer.ts";
import { isObject, type JsonObject, sortKeys } from "../../wire/json_rpc.ts";
import type { Call } from "../call.ts";
import type { Method } from "../methods/table.ts";
import { type Asker, capabilityName, type Question, supports } from "./questions.ts";

/** How long a client may take to come back with an answer (ms). */
const STATE_TTL_MS = 3_600_000;
const PURPOSE = "request_state";
/** The `resultType` of a result that asks the client for something. */
export const INPUT_REQUIRED = "input_required";

interface State {
  /** Digest of the request that the state belongs to. */
  readonly for: string;
  /** Expiry, ms since the epoch. */
  readonly until: number;
  readonly answers: JsonObject;
  /** Keys of the questions that the client was sent with it. */
  readonly asked: readonly string[];
}

/** Lets a method's handler ask, in rounds. A call that asks nothing pays nothing for it. */
export function multiRoundTrip(method: Method, signer: Signer): Method {
  return (params, call) => {
    const rounds = new Rounds(params, call, signer);
    if (params.requestState !== undefined || params.inputResponses !== undefined) rounds.start();
    call.setAsker(rounds);
    const result = method(params, call);
    return isPromise(result) ? rounds.start().settle(result) : result;
  };
}

/** The rounds of a call, which begin with its first question. */
class Rounds implements Asker {
  readonly #params: JsonObject;
  readonly #call: Call;
  readonly #signer: Signer;
  #started: MultiRoundTrip | undefined;

  constructor(params: JsonObject, call: Call, signer: Signer) {
    this.#params = params;
    this.#call = call;
    this.#signer = signer;
  }

  ask(question: Question): Promise<unknown> {
    return this.start().ask(question);
  }

  start(): MultiRoundTrip {
    return this.#started ??= new MultiRoundTrip(this.#params, this.#call, this.#signer);
  }
}

class MultiRoundTrip {
  readonly #call: Call;
  readonly #signer: Signer;
  readonly #params: JsonObject;
  readonly #answers: JsonObject;
  readonly #open = new Map<string, Question>();
  readonly #asked = new Set<string>();
  readonly #suspended = Promise.withResolvers<JsonObject>();
  #count = 0;

  /** @throws {ProtocolError} `invalid_params` for a state that was altered, is old or another's */
  constructor(params: JsonObject, call: Call, signer: Signer) {
    this.#call = call;
    this.#signer = signer;
    this.#params = params;
    const state = this.#openState(params.requestState);
    const given = checkedResponses(params.inputResponses);
    // Earlier answers are kept, and answers without a question are ignored.
    this.#answers = state === undefined
      ? given
      : { ...asked(given, state.asked), ...state.answers };
  }

  /** The answer to a question, where the client has sent it; otherwise this stops the handler. */
  ask(question: Question): Promise<unknown> {
    const key = question.key ?? `question_${++this.#count}`;
    if (this.#asked.has(key)) {
      return Promise.reject(
        new Error(`Two questions of one call have the key ${JSON.stringify(key)}`),
      );
    }
    this.#asked.add(key);
    if (Object.hasOwn(this.#answers, key)) return Promise.resolve(this.#answers[key]);
    if (!supports(this.#call.scope.capabilities, question.requires)) {
      return Promise.reject(
        new ProtocolError(
          "missing_client_capability",
          `Client does not support ${question.method}: it declared no capability ` +
            capabilityName(question.requires),
          { data: { requiredCapabilities: question.requires } },
        ),
      );
    }
    this.#open.set(key, question);
    if (this.#open.size === 1) queueMicrotask(() => this.#suspend());
    return ignoreRejection(this.#stopHandler());
  }

  /** The handler's result, or its open questions, whichever comes first. */
  settle(result: Promise<unknown>): Promise<unknown> {
    return Promise.race([result, this.#suspended.promise]);
  }

  /** Questions asked in the same turn, as with `Promise.all`, go out together. */
  #suspend(): void {
    const inputRequests = Object.fromEntries(
      [...this.#open].map(([key, { method, params }]) => [key, inputRequest(method, params)]),
    );
    const state: State = {
      for: this.#digest(),
      until: Date.now() + STATE_TTL_MS,
      answers: this.#answers,
      asked: [...this.#open.keys()],
    };
    this.#suspended.resolve({
      resultType: INPUT_REQUIRED,
      inputRequests,
      requestState: this.#signer.sealJson(PURPOSE, state),
    });
  }

  /** Unwinds the handler, so that its `finally` blocks run. */
  async #stopHandler(): Promise<never> {
    await this.#suspended.promise;
    throw new CallAborted("input_required", "The handler runs again when the client has answered");
  }

  /** Opens the seal before it digests the request, which may be large. */
  #openState(sealed: unknown): State | undefined {
    if (sealed === undefined) return undefined;
    const opened = typeof sealed === "string" ? this.#signer.openJson(PURPOSE, sealed) : undefined;
    if (opened === undefined) throw badState("it was altered, or another server made it");
    const state = opened as State;
    if (state.for !== this.#digest()) throw badState("it belongs to another request");
    if (state.until < Date.now()) throw badState("it has expired; send the request afresh");
    return state;
  }

  #digest(): string {
    const { request, scope } = this.#call;
    return digestOf(request.method, this.#params, [scope.caller.principal, scope.page]);
  }
}

function inputRequest(method: string, { elicitationId: _, ...params }: JsonObject): JsonObject {
  return Object.keys(params).length === 0 ? { method } : { method, params };
}

function checkedResponses(responses: unknown): JsonObject {
  if (responses === undefined) return {};
  if (isObject(responses) && Object.values(responses).every(isObject)) return responses;
  throw new ProtocolError(
    "invalid_params",
    'Invalid params: "inputResponses" must map each input request\'s key to its result object',
  );
}

function asked(given: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(given, key)).map((key) => [key, given[key]]),
  );
}

function badState(why: string): ProtocolError {
  return new ProtocolError("invalid_params", `Invalid params: "requestState" is refused: ${why}`);
}

function digestOf(
  method: string,
  params: JsonObject,
  sender: readonly (string | undefined)[],
): string {
  const { name, uri, arguments: args } = params;
  // A client may write the members of its arguments in another order the second time.
  return sha256Text(JSON.stringify([method, name, uri, args, sender], sortKeys));
}
