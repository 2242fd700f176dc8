/**
 * Questions to the client, shared by all eras. This module builds them and checks their answers; an
 * {@linkcode Asker} of the era transports them.
 *
 * @module
 */
import type { ZodType } from "zod";
import * as z from "zod";
import { type CallAborted, ToolError } from "../../base/errors.ts";
import { randomId } from "../../base/ids.ts";
import {
  CHECKED_ELSEWHERE,
  type MemberChecks,
  requireOptions,
  TEXT,
  wordsFor,
} from "../../base/members.ts";
import { ignoreRejection } from "../../base/promises.ts";
import type {
  AskOptions,
  Elicit,
  Elicited,
  FormQuestion,
  RawFormQuestion,
  ToolContext,
  UrlQuestion,
} from "../../registry/context.ts";
import { fitForJson } from "../../registry/json_fit.ts";
import { validate } from "../../registry/validation.ts";
import {
  isObject,
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcRequest,
} from "../../wire/json_rpc.ts";
import type {
  ClientCapabilities,
  CreateMessageRequestParams,
  CreateMessageResult,
  Root,
} from "../../wire/mcp_types.ts";
import { CLIENT_METHODS } from "../../wire/methods.ts";
import { formSchema, rawFormSchema } from "./form_schema.ts";
import { requireBalancedTools } from "./sampling_messages.ts";

/** One question on its way to the client. */
export interface Question {
  readonly method: Exclude<typeof CLIENT_METHODS[keyof typeof CLIENT_METHODS], "ping">;
  readonly params: JsonObject;
  /** The capability a client needs to answer it. */
  readonly requires: ClientCapabilities;
  readonly key: string | undefined;
}

/** The call on whose behalf a client is asked. */
export interface AskingCall {
  readonly signal: AbortSignal;
  /** Why the call was stopped, once it was. */
  readonly aborted: CallAborted | undefined;
  readonly scope: { send(message: JsonRpcNotification | JsonRpcRequest): void };
}

/** Carries questions to the client, in the way of one era. */
export interface Asker {
  /** @returns the client's answer, not checked */
  ask(question: Question, call: AskingCall): Promise<unknown>;
}

/** Carries a question to the client and its raw answer back. */
export type Ask = (question: Question) => Promise<unknown>;

/** Whether a client that declared `capabilities` can do all that is `required`. */
export function supports(capabilities: ClientCapabilities, required: ClientCapabilities): boolean {
  return covers(capabilities, required);
}

/** Names a capability as people write it, for example `elicitation.url`. */
export function capabilityName(required: ClientCapabilities): string {
  const [name = "", inner] = Object.entries(required)[0] ?? [];
  const [mode] = isObject(inner) ? Object.keys(inner) : [];
  return mode === undefined ? name : `${name}.${mode}`;
}

/**
 * Makes `ctx.elicit`.
 *
 * @param masksErrors whether the client does not see the messages of errors that a schema throws
 */
export function elicitThrough(ask: Ask, masksErrors: boolean): Elicit {
  // The members of the question select the overload of Elicit.
  const elicit = async (question: FormQuestion<ZodType> | RawFormQuestion | UrlQuestion) => {
    requireQuestion(question);
    return "url" in question
      ? await askUrl(ask, question)
      : await askForm(ask, question, masksErrors);
  };
  return ((question: Parameters<typeof elicit>[0]) => ignoreRejection(elicit(question))) as Elicit;
}

/** Makes `ctx.sample`. */
export function sampleThrough(ask: Ask): ToolContext["sample"] {
  return (params, options = {}) => ignoreRejection(sample(ask, params, options));
}

/** Makes `ctx.roots`. */
export function rootsThrough(ask: Ask): ToolContext["roots"] {
  return (options = {}) => ignoreRejection(roots(ask, options));
}

/** The members of a question; one of the last three says what is asked. */
const QUESTION: MemberChecks<FormQuestion<ZodType> & RawFormQuestion & UrlQuestion> = {
  key: TEXT,
  message: CHECKED_ELSEWHERE,
  schema: CHECKED_ELSEWHERE,
  requestedSchema: CHECKED_ELSEWHERE,
  url: CHECKED_ELSEWHERE,
};

/** @throws {TypeError} for a value that is not a question, because authors may write JavaScript */
function requireQuestion(question: unknown): void {
  const refuse = (message: string) => new TypeError(`Cannot ask the user: ${message}`);
  requireOptions(question, { owner: "ctx.elicit()", checks: QUESTION, refuse });
  const members = question as Readonly<Record<string, unknown>>;
  const asked = ["schema", "requestedSchema", "url"].filter((name) => members[name] !== undefined);
  if (asked.length === 1) return;
  throw refuse(
    asked.length === 0
      ? 'the question needs a "schema" for a form, or a "url" of a page'
      : `the question has ${asked.join(" and ")}; ask one question for each`,
  );
}

async function sample(
  ask: Ask,
  params: CreateMessageRequestParams,
  { key }: AskOptions,
): Promise<CreateMessageResult> {
  if (!isObject(params) || !Array.isArray(params.messages)) {
    const what = isObject(params)
      ? `messages that are ${wordsFor(params.messages)}`
      : wordsFor(params);
    throw new TypeError(
      `Cannot sample with ${what}: ctx.sample() takes { messages, maxTokens }, and messages is a list`,
    );
  }
  const usesTools = params.tools !== undefined || params.toolChoice !== undefined;
  requireBalancedTools(params.messages);
  const answer = await ask({
    method: CLIENT_METHODS.sample,
    params: jsonParams(params),
    requires: { sampling: usesTools ? { tools: {} } : {} },
    key,
  });
  if (isObject(answer) && typeof answer.model === "string" && answer.content !== undefined) {
    return answer as JsonObject & CreateMessageResult;
  }
  throw wrongAnswer(CLIENT_METHODS.sample, 'it needs "role", "content" and "model"');
}

/** @throws {TypeError} naming the member that JSON cannot hold */
function jsonParams(params: CreateMessageRequestParams): JsonObject {
  return fitForJson({ ...params }, "", "Cannot sample with") as JsonObject;
}

async function roots(ask: Ask, { key }: AskOptions): Promise<readonly Root[]> {
  const answer = await ask({
    method: CLIENT_METHODS.listRoots,
    params: {},
    requires: { roots: {} },
    key,
  });
  if (isObject(answer) && Array.isArray(answer.roots)) return answer.roots as Root[];
  throw wrongAnswer(CLIENT_METHODS.listRoots, 'it needs a list "roots"');
}

async function askForm(
  ask: Ask,
  question: FormQuestion<ZodType> | RawFormQuestion,
  masksErrors: boolean,
): Promise<Elicited<unknown>> {
  const requestedSchema = "schema" in question
    ? formSchema(question.schema)
    : rawFormSchema(question.requestedSchema);
  const answer = elicited(
    await ask({
      method: CLIENT_METHODS.elicit,
      params: { mode: "form", message: textOf(question.message), requestedSchema },
      requires: { elicitation: { form: {} } },
      key: question.key,
    }),
  );
  if (answer.action !== "accept") return answer;
  const content = answer.content ?? {};
  const schema = "schema" in question ? question.schema : schemaOf(question.requestedSchema);
  const validation = await validate(schema, content, masksErrors);
  if (!validation.ok) throw wrongAnswer(CLIENT_METHODS.elicit, validation.errors.join("; "));
  return { action: "accept", content: "schema" in question ? validation.value : content };
}

/** Checks an answer by JSON Schema, as far as zod can; formats that forms have are the client's. */
function schemaOf(requested: unknown): ZodType {
  try {
    const json = JSON.stringify(requested, (key, value) => key === "format" ? undefined : value);
    return z.fromJSONSchema(JSON.parse(json));
  } catch {
    return z.looseObject({});
  }
}

/** @throws {TypeError} if the message is not text, because authors may write JavaScript */
function textOf(message: unknown): string {
  if (typeof message === "string") return message.toWellFormed();
  throw new TypeError("Cannot ask the user: the message must be a string");
}

async function askUrl(ask: Ask, { message, url, key }: UrlQuestion): Promise<Elicited<undefined>> {
  if (!URL.canParse(url)) {
    throw new TypeError(
      `Invalid URL for elicitation: ${JSON.stringify(url)} is not an absolute URL`,
    );
  }
  const params = { mode: "url", message: textOf(message), url, elicitationId: randomId("elicit_") };
  const requires = { elicitation: { url: {} } };
  const { action } = elicited(await ask({ method: CLIENT_METHODS.elicit, params, requires, key }));
  return action === "accept" ? { action, content: undefined } : { action };
}

function elicited(answer: unknown): Elicited<unknown> {
  const { action, content } = isObject(answer) ? answer : {};
  if (action === "accept") return { action, content };
  if (action === "decline" || action === "cancel") return { action };
  throw wrongAnswer(CLIENT_METHODS.elicit, '"action" must be accept, decline or cancel');
}

function wrongAnswer(method: string, fault: string): Error {
  return new ToolError(`Client answered ${method} wrongly: ${fault}`);
}

function covers(given: unknown, required: object): boolean {
  if (!isObject(given)) return false;
  return Object.entries(required).every(([name, inner]) => {
    // A client that says only `elicitation: {}` supports forms (2025-11-25, client/elicitation).
    if (name === "form" && Object.keys(given).length === 0) return true;
    return covers(given[name], inner);
  });
}
