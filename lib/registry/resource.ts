/**
 * Resources: things a client may read by URI, one by one or by a template of URIs.
 *
 * @module
 */
import { RegistrationError } from "../base/errors.ts";
import { CHECKED_ELSEWHERE, numberFrom, OBJECT, TEXT } from "../base/members.ts";
import { isPromise, type MaybePromise } from "../base/promises.ts";
import type { JsonObject } from "../wire/json_rpc.ts";
import type {
  Annotations,
  BlobResourceContents,
  Icon,
  ReadResourceResult,
  ResourceListing,
  ResourceTemplateListing,
  TextResourceContents,
} from "../wire/mcp_types.ts";
import { type AccessDefinition, accessOf, type Guarded } from "./access.ts";
import type { AnswerCompletion, Completers } from "./completion.ts";
import { requireJson, requireJsonValue } from "./json_fit.ts";
import { firstError, resourceError } from "./content.ts";
import {
  ANNOTATIONS,
  type DefinitionForm,
  DESCRIBED,
  requireCompleters,
  requireDefinition,
} from "./definition.ts";
import type { ToolContext } from "./context.ts";
import { type Serving, type ServingDefinition, servingOf } from "./serving.ts";
import { isUri } from "./uri.ts";
import { UriTemplate, type UriVariables } from "./uri_template.ts";

type Contents = TextResourceContents | BlobResourceContents;

/** The result of `read`: text, bytes, or contents in full. */
export type ReadReturn = string | Uint8Array | Contents | readonly Contents[];

interface Described extends AccessDefinition, ServingDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly annotations?: Annotations;
  readonly icons?: Icon[];
  readonly _meta?: JsonObject;
}

/** A resource as its author writes it. */
export interface ResourceDefinition<App = unknown> extends Described {
  readonly uri: string;
  /** Size in bytes, where known. */
  readonly size?: number;
  read(uri: string, ctx: ToolContext<App>): MaybePromise<ReadReturn>;
}

/** A template of resources as its author writes it; `{name}` in the template types `read`. */
export interface ResourceTemplateDefinition<T extends string, App = unknown> extends Described {
  /** RFC 6570, for example `file:///{path}`. */
  readonly uriTemplate: T;
  /** Proposes values for the template's variables. */
  readonly complete?: Completers<keyof UriVariables<T> & string>;
  read(variables: UriVariables<T>, ctx: ToolContext<App>, uri: string): MaybePromise<ReadReturn>;
}

/** A resource that can be listed and read. */
// deno-lint-ignore no-explicit-any -- where a resource is only served, its needs do not matter
export interface Resource<App = any> extends Guarded, Serving {
  /** Its URI, under which the catalog keeps it. */
  readonly name: string;
  readonly listing: ResourceListing;
  readonly read: (uri: string, ctx: ToolContext<App>) => MaybePromise<ReadResourceResult>;
}

/** A template that can be listed, matched and read. */
// deno-lint-ignore no-explicit-any -- where a template is only served, its needs do not matter
export interface ResourceTemplate<App = any> extends Guarded, Serving {
  /** The template, under which the catalog keeps it. */
  readonly name: string;
  readonly listing: ResourceTemplateListing;
  readonly complete: Completers;
  /** Answers completions of its variables in place of the completers. */
  readonly answerCompletion?: AnswerCompletion;
  /** Whether a URI is one of this template. */
  matches(uri: string): boolean;
  /** Reads a URI of this template; undefined where it is not one. */
  readonly read: (
    uri: string,
    ctx: ToolContext<App>,
  ) => Promise<ReadResourceResult | undefined>;
}

/**
 * Defines a resource.
 *
 * @throws {RegistrationError} for a `uri` that is not an absolute URI (RFC 3986), a resource without
 *   a name or a `read` function, and for a member that is unknown or of a wrong type
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineResource } from "./resource.ts";
 *
 * const motto = defineResource({
 *   uri: "lifeline://motto",
 *   name: "motto",
 *   mimeType: "text/plain",
 *   read: () => "Still here",
 * });
 * assertEquals(motto.listing.uri, "lifeline://motto");
 * ```
 */
export function defineResource<App = unknown>(definition: ResourceDefinition<App>): Resource<App> {
  requireDefinition(definition, RESOURCE);
  const { read, scopes, listedFor, tags, enabled, ...described } = definition;
  const owner = `resource "${described.name ?? described.uri}"`;
  if (typeof described.uri !== "string" || !isUri(described.uri)) {
    throw new RegistrationError(
      `Cannot serve ${owner}: ${JSON.stringify(described.uri)} is not an absolute URI`,
    );
  }
  requireName(described.name, owner);
  requireRead(read, owner);
  const listing = requireJson(described, owner);
  return {
    name: listing.uri,
    listing: listing as ResourceListing,
    ...accessOf({ scopes, listedFor }, owner),
    ...servingOf({ tags, enabled }, owner),
    read: (uri, ctx) => toResult(read(uri, ctx), uri, listing.mimeType),
  };
}

/**
 * Defines a template of resources. The variables' names and types follow from the template.
 *
 * @throws {RegistrationError} for a template that does not follow RFC 6570, or has no valid scheme,
 *   for one without a name or a `read` function, and for a member that is unknown or of a wrong type
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineResourceTemplate } from "./resource.ts";
 *
 * const user = defineResourceTemplate({
 *   uriTemplate: "users://{id}/profile",
 *   name: "user profile",
 *   read: ({ id }) => `Profile of ${id}`,
 * });
 * assertEquals(user.listing.uriTemplate, "users://{id}/profile");
 * ```
 */
export function defineResourceTemplate<const T extends string, App = unknown>(
  definition: ResourceTemplateDefinition<T, App>,
): ResourceTemplate<App> {
  requireDefinition(definition, TEMPLATE);
  const { read, complete = {}, scopes, listedFor, tags, enabled, ...described } = definition;
  const owner = `resource template "${described.name ?? described.uriTemplate}"`;
  const template = new UriTemplate(described.uriTemplate, owner);
  requireCompleters(complete, template.names, owner);
  requireName(described.name, owner);
  requireRead(read, owner);
  const listing = requireJson(described, owner);
  return {
    name: listing.uriTemplate,
    listing: listing as ResourceTemplateListing,
    ...accessOf({ scopes, listedFor }, owner),
    ...servingOf({ tags, enabled }, owner),
    complete: complete as Completers,
    matches: (uri) => template.match(uri) !== undefined,
    read: async (uri, ctx) => {
      const variables = template.match(uri);
      if (variables === undefined) return undefined;
      return await toResult(read(variables as UriVariables<T>, ctx, uri), uri, listing.mimeType);
    },
  };
}

const OF_BOTH = { ...DESCRIBED, mimeType: TEXT, annotations: ANNOTATIONS, read: CHECKED_ELSEWHERE };
const ALIASES = { handler: "read", run: "read", mime: "mimeType", meta: "_meta" };
const RESOURCE: DefinitionForm<ResourceDefinition> = {
  kind: "resource",
  use: "defineResource({ uri, name, read })",
  checks: { ...OF_BOTH, uri: CHECKED_ELSEWHERE, size: numberFrom(0, Infinity) },
  aliases: { ...ALIASES, url: "uri" },
};
const TEMPLATE: DefinitionForm<ResourceTemplateDefinition<string>> = {
  kind: "resource template",
  use: "defineResourceTemplate({ uriTemplate, name, read })",
  checks: { ...OF_BOTH, uriTemplate: CHECKED_ELSEWHERE, complete: OBJECT },
  aliases: { ...ALIASES, uri: "uriTemplate", template: "uriTemplate" },
};

/** The protocol asks for a name, so clients refuse a list with an entry that has none. */
function requireName(name: unknown, owner: string): void {
  if (typeof name === "string" && name !== "") return;
  throw new RegistrationError(`Cannot serve ${owner}: it has no name`);
}

function requireRead(read: unknown, owner: string): void {
  if (typeof read === "function") return;
  throw new RegistrationError(`Cannot serve ${owner}: it has no read function`);
}

function toResult(
  returned: MaybePromise<ReadReturn>,
  uri: string,
  mimeType: string | undefined,
): MaybePromise<ReadResourceResult> {
  return isPromise(returned)
    ? returned.then((settled) => contentsOf(settled, uri, mimeType))
    : contentsOf(returned, uri, mimeType);
}

function contentsOf(
  returned: ReadReturn,
  uri: string,
  mimeType: string | undefined,
): ReadResourceResult {
  const type = mimeType !== undefined && { mimeType };
  if (typeof returned === "string") {
    return { contents: [{ uri, ...type, text: returned.toWellFormed() }] };
  }
  if (returned instanceof Uint8Array) {
    return { contents: [{ uri, ...type, blob: returned.toBase64() }] };
  }
  const contents = Array.isArray(returned) ? [...returned] : [returned as Contents];
  const error = firstError(contents, resourceError);
  if (error !== undefined) throw new TypeError(`Contents of resource ${uri} ${error}`);
  return { contents: requireJsonValue(contents, "contents", `Resource ${uri}`) };
}
