import { ProtocolError } from "../../base/errors.ts";
import { isObject, type JsonObject } from "../../wire/json_rpc.ts";

/** @throws {ProtocolError} `invalid_params` where the parameter is not a string */
export function textParam(params: JsonObject, name: string): string {
  const value = params[name];
  if (typeof value === "string") return value;
  throw new ProtocolError("invalid_params", `Invalid params: "${name}" must be a string`);
}

/** @throws {ProtocolError} `invalid_params` where the parameter is given and not an object */
export function objectParam(params: JsonObject, name: string): JsonObject | undefined {
  const value = params[name];
  if (value === undefined || isObject(value)) return value;
  throw new ProtocolError("invalid_params", `Invalid params: "${name}" must be an object`);
}
