/**
 * The features of a group: under their full names, with the group's middleware around them.
 *
 * A feature of a group that is put into another group is made anew from the first one, so that all
 * its middleware and its errors have the name that clients use.
 *
 * @module
 */
import type { MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import type { ToolContext } from "./context.ts";
import {
  type ComposedMiddleware,
  composeMiddleware,
  type Middleware,
  type MiddlewareCall,
  withNameInGroup,
} from "./middleware.ts";
import { toolFailure } from "./failure.ts";
import type { Prompt } from "./prompt.ts";
import type { Resource, ResourceTemplate } from "./resource.ts";
import { renameTool, type Tool } from "./tool.ts";

/** The group that a feature is put into. */
export interface Within {
  readonly name: string;
  readonly use: readonly Middleware[];
}

/** A feature before it was put into groups, and the middleware of all these groups. */
interface Parts<T> {
  readonly own: T;
  /** The first is the outermost. */
  readonly use: readonly Middleware[];
  /** Undefined without middleware. */
  readonly around: ComposedMiddleware | undefined;
}

const partsOfGrouped = new WeakMap<object, Parts<unknown>>();

/** The middleware of all groups that a feature is in; the first is the outermost. */
export function middlewareOf(feature: object): readonly Middleware[] {
  return partsOfGrouped.get(feature)?.use ?? [];
}

/** @param name in the group; undefined for a feature whose name no group changes */
function partsWithin<T extends object>(feature: T, within: Within, name?: string): Parts<T> {
  const inner = partsOfGrouped.get(feature) as Parts<T> | undefined;
  const own = name === undefined
    ? within.use
    : within.use.map((middleware) => withNameInGroup(middleware, name));
  const use = [...own, ...inner?.use ?? []];
  const around = use.length === 0 ? undefined : composeMiddleware(use);
  return { own: inner?.own ?? feature, use, around };
}

function remember<T extends object>(grouped: T, parts: Parts<T>): T {
  partsOfGrouped.set(grouped, parts);
  return grouped;
}

/** @throws {RegistrationError} for a name that gets too long */
export function groupedTool<App>(tool: Tool<App>, within: Within): Tool<App> {
  const parts = partsWithin(tool, within, tool.name);
  const { around } = parts;
  const renamed = renameTool(parts.own, `${within.name}_${tool.name}`);
  const { name, listing, headerParams, timeoutMs } = renamed;
  return remember({
    ...{ name, listing, headerParams, timeoutMs, ...sharedOf(tool, within) },
    call: around === undefined
      ? (args, ctx, masksErrors) => renamed.call(args, ctx, masksErrors)
      : (args, ctx, masksErrors = false) =>
        around(
          callOf(METHODS.callTool, { name, args, ctx }),
          ({ name: asked, arguments: changed, ctx }) => {
            requireSame(asked, name);
            return renamed.call(changed, ctx as ToolContext<App>, masksErrors) as Answer;
          },
          (error) => toolFailure(error, name, masksErrors),
        ) as ReturnType<Tool["call"]>,
  }, parts);
}

export function groupedPrompt<App>(prompt: Prompt<App>, within: Within): Prompt<App> {
  const parts = partsWithin(prompt, within, prompt.name);
  const { around, own } = parts;
  const name = `${within.name}_${prompt.name}`;
  return remember({
    ...{ name, listing: { ...prompt.listing, name }, complete: prompt.complete },
    ...sharedOf(prompt, within),
    get: around === undefined
      ? (args, ctx, masksErrors) => own.get(args, ctx, masksErrors)
      : (args, ctx, masksErrors) =>
        around(
          callOf(METHODS.getPrompt, { name, args, ctx }),
          ({ name: asked, arguments: changed, ctx }) => {
            requireSame(asked, name);
            return own.get(changed, ctx as ToolContext<App>, masksErrors) as Answer;
          },
        ) as ReturnType<Prompt["get"]>,
  }, parts);
}

export function groupedResource<App>(resource: Resource<App>, within: Within): Resource<App> {
  const parts = partsWithin(resource, within);
  const { around, own } = parts;
  return remember({
    ...{ name: resource.name, listing: resource.listing, ...sharedOf(resource, within) },
    read: around === undefined ? (uri, ctx) => own.read(uri, ctx) : (uri, ctx) =>
      around(
        callOf(METHODS.readResource, { name: uri, args: {}, ctx }),
        readWithin(uri, own),
      ) as ReturnType<Resource["read"]>,
  }, parts);
}

export function groupedTemplate<App>(
  template: ResourceTemplate<App>,
  within: Within,
): ResourceTemplate<App> {
  const parts = partsWithin(template, within);
  const { around, own } = parts;
  const { name, listing, complete } = template;
  return remember({
    ...{ name, listing, complete, ...sharedOf(template, within) },
    matches: (uri) => own.matches(uri),
    read: around === undefined
      ? (uri, ctx) => own.read(uri, ctx)
      : (uri, ctx) =>
        own.matches(uri)
          ? around(
            callOf(METHODS.readResource, { name: uri, args: {}, ctx }),
            readWithin(uri, own),
          ) as ReturnType<ResourceTemplate["read"]>
          : Promise.resolve(undefined),
  }, parts);
}

type Answer = MaybePromise<JsonObject>;

/** Reads a resource within the middleware of its group. */
function readWithin<App>(
  uri: string,
  own: Resource<App> | ResourceTemplate<App>,
): (changed: MiddlewareCall) => Answer {
  return ({ name, ctx }) => {
    requireSame(name, uri);
    return own.read(uri, ctx as ToolContext<App>) as Answer;
  };
}

/** @throws {TypeError} if middleware of a group sends a request elsewhere, which only an app's can */
function requireSame(asked: string, name: string): void {
  if (asked === name) return;
  throw new TypeError(
    `Middleware of a group cannot send ${name} to ${asked}: only middleware of the app can`,
  );
}

type Shared = Pick<Tool, "scopes" | "isListedForAll" | "tags" | "enabled" | "origin">;

/** The members that features of all kinds have. */
function sharedOf(
  { scopes, isListedForAll, tags, enabled, origin }: Shared,
  { name }: Within,
): Shared {
  return {
    ...(scopes !== undefined && { scopes }),
    ...(isListedForAll !== undefined && { isListedForAll }),
    ...(tags !== undefined && { tags }),
    ...(enabled !== undefined && { enabled }),
    origin: origin === undefined ? `group "${name}"` : `${origin} in group "${name}"`,
  };
}

function callOf(
  method: string,
  { name, args, ctx }: { readonly name: string; readonly args: unknown; readonly ctx: ToolContext },
): MiddlewareCall {
  const given = (args ?? {}) as JsonObject;
  return { method, name, arguments: given, caller: ctx.caller, ctx };
}
