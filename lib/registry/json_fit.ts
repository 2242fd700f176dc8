/**
 * Makes definitions and results fit for JSON, or refuses them with the name of their owner.
 *
 * @module
 */
import { ProtocolError, RegistrationError, stackOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { JsonValueError, toJsonValue } from "../wire/json_value.ts";

const log = logFor("registry");

/**
 * The value as JSON holds it.
 *
 * @param path of the value, such as `structuredContent`
 * @param subject begins the error, for example `Tool add returned` or `Cannot keep`
 * @throws {TypeError} naming the member that JSON cannot hold
 */
export function fitForJson(value: unknown, path: string, subject: string): unknown {
  try {
    return toJsonValue(value, path);
  } catch (error) {
    if (!(error instanceof JsonValueError)) throw error;
    throw new TypeError(`${subject} what JSON cannot hold: ${error.message}`, { cause: error });
  }
}

/**
 * An entry of a list as JSON holds it: one that it cannot hold would cost clients the whole list.
 *
 * @param owner named in the error, for example `tool "add"`
 * @throws {RegistrationError} naming the member
 */
export function requireJson<T>(listing: T, owner: string): T {
  try {
    return toJsonValue(listing) as T;
  } catch (error) {
    if (!(error instanceof JsonValueError)) throw error;
    throw new RegistrationError(
      `Cannot serve ${owner}: its definition contains a value that JSON cannot hold: ${error.message}`,
      { cause: error },
    );
  }
}

/**
 * A protocol error that an author threw, without its data where JSON cannot hold them: the client is
 * told the rest.
 *
 * @param owner named in the log, for example `tool "add"`
 */
export function withJsonData(error: ProtocolError, owner: string): ProtocolError {
  if (error.data === undefined) return error;
  const { kind, message, id, headers, code, cause } = error;
  const rest = {
    ...(id !== undefined && { id }),
    ...(headers !== undefined && { headers }),
    ...(code !== undefined && { code }),
    cause,
  };
  try {
    const data = toJsonValue(error.data, "data");
    return data === error.data ? error : new ProtocolError(kind, message, { ...rest, data });
  } catch (unfit) {
    log.warning("Data of an error cannot be written as JSON", { owner, error: unfit });
    return new ProtocolError(kind, message, rest);
  }
}

/**
 * The result of a resource, a prompt or a completer as JSON. The client gets the error, because a
 * name and a path are not secrets, except for the words of an error that reading the value threw.
 *
 * @param path of the value, such as `contents`
 * @param subject begins the error, for example `Resource file:///a`
 * @throws {ProtocolError} `internal_error` naming the member that JSON cannot hold
 */
export function requireJsonValue<T>(value: T, path: string, subject: string): T {
  try {
    return toJsonValue(value, path) as T;
  } catch (error) {
    if (!(error instanceof JsonValueError)) throw error;
    throw wrongReturn(`${subject} returned what JSON cannot hold: ${error.ownWords}`, error);
  }
}

/**
 * Logs a handler's invalid return value.
 *
 * @param message names the handler and the member; the client gets it too
 * @returns the error for the client
 */
export function wrongReturn(message: string, cause?: unknown): ProtocolError {
  log.error("Wrong return value", { error: message, stack: stackOf(cause) });
  return new ProtocolError("internal_error", message, { cause });
}
