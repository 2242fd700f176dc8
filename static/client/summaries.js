/**
 * Describes each entry of the event log in a line.
 *
 * @module
 */

const MAX_LENGTH = 160;

/**
 * The kind of an event. In the plain dialect its name says it; elsewhere its message does.
 *
 * @param {string} name of the event
 * @param {any} message its data, parsed
 * @param {boolean} isNamed whether the name tells
 */
export function kindOfEvent(name, message, isNamed) {
  if (isNamed || name !== "message") return name;
  if (message?.error !== undefined) return "error";
  return message?.result === undefined ? "message" : "response";
}

/**
 * The level of a log message.
 *
 * @param {any} message
 * @returns {string | undefined} undefined for what is no log message
 */
export function levelOf(message) {
  if (message?.method !== "notifications/message") return undefined;
  return String(message.params?.level ?? "info");
}

/**
 * @param {string} kind the event's name
 * @param {any} message its data, parsed; undefined where it is no JSON
 */
export function describeEvent(kind, message) {
  const data = message?.data ?? {};
  if (kind === "welcome") return String(message?.result?.connection_id ?? "");
  if (kind === "ping") return `#${data.ping_count} · open for ${data.uptime} s`;
  if (kind === "close") return `${data.reason} after ${data.uptime} s, ${data.ping_count} pings`;
  if (kind === "error") return `${message?.id} · ${message?.error?.message}`;
  if (kind === "response") return `${message?.id} · ${short(describeResult(message?.result))}`;
  return short(describeNotification(message));
}

/** @param {any} message what was sent; undefined for an empty body */
export function describeSent(message) {
  if (message === undefined) return "open a stream";
  const { method, params, id } = message;
  if (method === undefined) {
    return short(`answer ${id} ${JSON.stringify(message.result ?? message.error)}`);
  }
  if (method === "tools/call") {
    return short(`${id} · call ${params.name} ${JSON.stringify(params.arguments ?? {})}`);
  }
  return id === undefined ? `${method} ${params?.requestId ?? ""}` : `${id} · ${method}`;
}

/** @param {any} result */
function describeResult(result) {
  if (typeof result?.protocolVersion === "string") return `agreed on ${result.protocolVersion}`;
  if (result?.resultType === "input_required") return "the server asks for more";
  for (const list of ["tools", "resources", "resourceTemplates", "prompts"]) {
    if (Array.isArray(result?.[list])) return `${result[list].length} ${list}`;
  }
  const text = result?.content?.find((/** @type {any} */ block) => block.type === "text")?.text;
  if (text === undefined) return JSON.stringify(result);
  return result.isError ? `failed: ${text}` : text;
}

/** @param {any} message */
function describeNotification(message) {
  const params = message?.params ?? {};
  if (message?.method === "notifications/progress") {
    const { progressToken, progress, total, message: text } = params;
    const parts = [
      `${progressToken} · ${progress}${total === undefined ? "" : ` of ${total}`}`,
      text,
    ];
    return parts.filter(Boolean).join(" · ");
  }
  if (message?.method === "notifications/message") {
    const { data } = params;
    return typeof data === "string" ? data : JSON.stringify(data);
  }
  if (message?.method === "elicitation/create") return `asks: ${params.message}`;
  return message?.method ?? JSON.stringify(message ?? null);
}

/** @param {unknown} text */
function short(text) {
  const line = String(text).replace(/\s+/g, " ");
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}
