import { messageOf } from "../base/errors.ts";
import { wordsFor } from "../base/members.ts";
import type { MaybePromise } from "../base/promises.ts";
import type { FormContent } from "../registry/context.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import type {
  ClientCapabilities,
  CreateMessageRequestParams,
  CreateMessageResult,
  Root,
} from "../wire/mcp_types.ts";
import { CLIENT_METHODS } from "../wire/methods.ts";

/** A question to the user, as the client gets it. */
export interface ElicitQuestion {
  readonly mode?: string;
  readonly message: string;
  /** The form, as JSON Schema. */
  readonly requestedSchema?: JsonObject;
  /** The page to visit. */
  readonly url?: string;
}

/** The user's answer. */
export interface ElicitAnswer {
  readonly action: "accept" | "decline" | "cancel";
  /** The filled-in form. */
  readonly content?: FormContent;
}

/**
 * A test client's answers to a server's questions. The client has only the capabilities that it has
 * answers for.
 */
export interface Answers {
  /** Answers forms and pages to visit (client/elicitation). */
  readonly elicit?: (question: ElicitQuestion) => MaybePromise<ElicitAnswer>;
  /** Answers in the place of a model (client/sampling). */
  readonly sample?: (params: CreateMessageRequestParams) => MaybePromise<CreateMessageResult>;
  /** The folders it works in (client/roots); paths become `file:` URIs. */
  readonly roots?: readonly (string | Root)[] | (() => MaybePromise<readonly (string | Root)[]>);
}

/** The capabilities of a client with these answers. */
export function capabilitiesOf({ elicit, sample, roots }: Answers): ClientCapabilities {
  return {
    ...(elicit !== undefined && { elicitation: { form: {}, url: {} } }),
    ...(sample !== undefined && { sampling: { tools: {} } }),
    ...(roots !== undefined && { roots: {} }),
  };
}

/** The answer to a request of the server. */
export type Answer =
  | { readonly result: JsonObject }
  | { readonly error: { readonly code: number; readonly message: string } };

/** Answers a request of the server; never rejects. */
export async function answerTo(
  answers: Answers,
  method: string,
  params: JsonObject,
): Promise<Answer> {
  try {
    const result = await resultOf(answers, method, params);
    if (result !== undefined) return { result };
    return { error: { code: -32601, message: `Test client has no answer to ${method}` } };
  } catch (error) {
    return { error: { code: -32603, message: messageOf(error) } };
  }
}

async function resultOf(
  { elicit, sample, roots }: Answers,
  method: string,
  params: JsonObject,
): Promise<JsonObject | undefined> {
  switch (method) {
    case CLIENT_METHODS.ping:
      return {};
    case CLIENT_METHODS.elicit:
      return elicit && given("elicit", await elicit(params as JsonObject & ElicitQuestion));
    case CLIENT_METHODS.sample:
      return sample && given("sample", await sample(params as CreateMessageRequestParams));
    case CLIENT_METHODS.listRoots: {
      const folders = typeof roots === "function" ? await roots() : roots;
      return folders && { roots: folders.map(toRoot) };
    }
    default:
      return undefined;
  }
}

/** @throws {TypeError} for a value that is not an answer */
function given(name: string, answer: unknown): JsonObject {
  if (isObject(answer)) return answer;
  throw new TypeError(`${name}() of the test client returned ${wordsFor(answer)}, not an answer`);
}

function toRoot(root: string | Root): Root {
  if (typeof root !== "string") return root;
  return { uri: root.includes(":") ? root : new URL(root, "file:///").href };
}
