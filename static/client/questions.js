/**
 * The server's requests to the page: pings, and forms that the user fills in.
 *
 * @module
 */

/**
 * @typedef {{ action: "accept" | "decline" | "cancel", content?: Record<string, unknown> }} Answer
 * @typedef {object} Question a form to fill in
 * @property {string} message
 * @property {Record<string, any>} requestedSchema
 *
 * @typedef {(question: Question, signal: AbortSignal) => Promise<Answer>} Ask shows the form;
 *   rejects when the signal is aborted, as the server does not wait any more
 */

const METHOD_NOT_FOUND = -32601;

/**
 * Answers one request of the server.
 *
 * @param {{ method: string, params?: any }} request
 * @param {Ask} ask
 * @param {AbortSignal} signal
 * @returns {Promise<object>} the members of the response: a result, or an error
 */
export async function answerTo(request, ask, signal) {
  if (request.method === "ping") return { result: {} };
  const question = formOf(request);
  if (question !== undefined) return { result: await ask(question, signal) };
  const message = `This page does not answer ${request.method}`;
  return { error: { code: METHOD_NOT_FOUND, message } };
}

/**
 * Answers the questions that a result of 2026-07-28 holds in place of the answer.
 *
 * @param {Record<string, { method: string, params?: any }>} requests by their keys
 * @param {Ask} ask
 * @param {AbortSignal} signal
 * @returns {Promise<Record<string, object>>} the results, by the same keys
 * @throws {Error} for a question that the page cannot answer
 */
export async function inputResponses(requests, ask, signal) {
  /** @type {[string, object][]} */
  const answers = [];
  for (const [key, request] of Object.entries(requests)) {
    const question = formOf(request);
    if (question === undefined) throw new Error(`This page does not answer ${request.method}`);
    answers.push([key, await ask(question, signal)]);
  }
  return Object.fromEntries(answers);
}

/** @param {{ method: string, params?: any }} request @returns {Question | undefined} */
function formOf({ method, params }) {
  if (method !== "elicitation/create" || (params?.mode ?? "form") !== "form") return undefined;
  return { message: String(params?.message ?? ""), requestedSchema: params?.requestedSchema ?? {} };
}
