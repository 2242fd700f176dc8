/**
 * Puts an app's middleware around its methods. Without middleware a method stays unchanged.
 *
 * @module
 */
import type { MaybePromise } from "../../base/promises.ts";
import type { ToolContext } from "../../registry/context.ts";
import { composeMiddleware, type Middleware } from "../../registry/middleware.ts";
import { toolFailure } from "../../registry/failure.ts";
import { isObject, type JsonObject, SerializedResult } from "../../wire/json_rpc.ts";
import { METHODS } from "../../wire/methods.ts";
import type { Call } from "../call.ts";
import type { RequestScope } from "../scope.ts";
import { createToolContext } from "../tool_context.ts";
import type { Method } from "./table.ts";
import { ProtocolError } from "../../base/errors.ts";

/** @throws {ProtocolError} `invalid_params` where the parameter is not a string */
function textParam(params: JsonObject, name: string): string {
  const value = params[name];
  if (typeof value === "string") return value;
  throw new ProtocolError("invalid_params", `Invalid params: "${name}" must be a string`);
}

/** @throws {ProtocolError} `invalid_params` where the parameter is given and not an object */
function objectParam(params: JsonObject, name: string): JsonObject | undefined {
  const value = params[name];
  if (value === undefined || isObject(value)) return value;
  throw new ProtocolError("invalid_params", `Invalid params: "${name}" must be an object`);
}

/** Answers a request for one feature by its name. */
export type RunFeature = (
  name: string,
  args: JsonObject | undefined,
  ctx: ToolContext,
  call: Call,
) => MaybePromise<unknown>;

/** How a request names its feature. */
export interface FeatureRequest {
  readonly method: string;
  /** The parameter that holds the feature's name. */
  readonly nameParam: "name" | "uri";
}

/** Makes the method that runs a feature, with middleware around the run. */
export function featureMethod(
  use: readonly Middleware[],
  { method, nameParam }: FeatureRequest,
  run: RunFeature,
): Method {
  if (use.length === 0) {
    return (params, call) =>
      run(
        textParam(params, nameParam),
        argumentsOf(params, nameParam),
        createToolContext(call),
        call,
      );
  }
  const around = composeMiddleware(use);
  return async (params, call) => {
    const name = textParam(params, nameParam);
    const ctx = createToolContext(call);
    const args = argumentsOf(params, nameParam) ?? {};
    return await around(
      { method, name, arguments: args, caller: ctx.caller, ctx },
      async (changed) =>
        await run(changed.name, changed.arguments, changed.ctx, call) as JsonObject,
      method === METHODS.callTool
        ? (error) => toolFailure(error, name, call.masksErrors)
        : undefined,
    );
  };
}

/** Puts middleware around a method that runs no feature, such as a list. */
export function withMiddleware<S extends RequestScope>(
  use: readonly Middleware[],
  name: string,
  method: Method<S>,
): Method<S> {
  if (use.length === 0) return method;
  const around = composeMiddleware(use);
  return (params, call) => {
    const ctx = createToolContext(call);
    return around(
      { method: name, name, arguments: params, caller: ctx.caller, ctx },
      async (changed) => {
        requireName(changed.name, name);
        return copyOf(await method(changed.arguments, call));
      },
    );
  };
}

/** @throws {TypeError} if middleware names another feature where a request has none */
function requireName(name: string, method: string): void {
  if (name === method) return;
  throw new TypeError(`Middleware cannot send ${method} to ${name}: the request has no name`);
}

/** A resource is read without arguments. */
function argumentsOf(
  params: JsonObject,
  nameParam: FeatureRequest["nameParam"],
): JsonObject | undefined {
  return nameParam === "uri" ? undefined : objectParam(params, "arguments");
}

/** What middleware may change: other clients get the same lists and capabilities. */
function copyOf(result: unknown): JsonObject {
  return result instanceof SerializedResult
    ? JSON.parse(result.json)
    : structuredClone(result as JsonObject);
}
