/**
 * Checks of the values that tools, prompts and resources return: binary data must be base64 with a
 * MIME type, a resource has a URI and either text or a blob (2025-11-25, server/prompts, Data
 * Types), and annotations and icons have the protocol's form. The type checker checks the rest.
 *
 * @module
 */
import { BOOLEAN, type MemberCheck, OBJECT, TEXT } from "../base/members.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { METHODS } from "../wire/methods.ts";
import { ANNOTATIONS, ICONS } from "./definition.ts";
import { isUri } from "./uri.ts";

const MIME_TYPE_REGEXP = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/;
/** Characters outside base64 (RFC 4648, section 4); a search is fast on megabytes of data. */
const NOT_BASE64_REGEXP = /[^A-Za-z0-9+/]/;

/** The first error among several, with its place, such as `[1] has no text`. */
export function firstError(
  items: readonly unknown[],
  errorOf: (item: unknown) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const error = errorOf(item);
    if (error !== undefined) return `[${index}] ${error}`;
  }
  return undefined;
}

/** The lists that results must have, by method, and the check of their items. */
const RESULT_LISTS: ReadonlyMap<
  unknown,
  readonly [member: string, errorOf: (item: unknown) => string | undefined]
> = new Map([
  [METHODS.callTool, ["content", contentError]],
  [METHODS.readResource, ["contents", resourceError]],
  [METHODS.getPrompt, ["messages", messageError]],
  [METHODS.listTools, ["tools", entryError]],
  [METHODS.listResources, ["resources", entryError]],
  [METHODS.listResourceTemplates, ["resourceTemplates", entryError]],
  [METHODS.listPrompts, ["prompts", entryError]],
]);

/** Checks of the results that have no such list. */
const OTHER_RESULTS: ReadonlyMap<unknown, (result: JsonObject) => string | undefined> = new Map([
  [METHODS.initialize, initializeError],
  [METHODS.complete, completionError],
]);

/** The members of a result by which a change of it shows: its list, and the items of the list. */
export function itemsOf(method: string, result: JsonObject): readonly unknown[] {
  const member = RESULT_LISTS.get(method)?.[0];
  if (member === undefined) return OTHER_RESULTS.has(method) ? Object.values(result) : [];
  const items = result[member];
  return Array.isArray(items) ? [items, ...items] : [items];
}

/** The error of a whole result, such as `content[1] has no text`; undefined if it is valid. */
export function resultError(method: string, result: JsonObject): string | undefined {
  const list = RESULT_LISTS.get(method);
  if (list === undefined) return OTHER_RESULTS.get(method)?.(result);
  const [member, errorOf] = list;
  const items = result[member];
  if (!Array.isArray(items)) return `its "${member}" is not a list`;
  const error = firstError(items, errorOf);
  if (error !== undefined) return `${member}${error}`;
  return besideListError(method, result);
}

function initializeError(result: JsonObject): string | undefined {
  const { protocolVersion, capabilities, serverInfo } = result;
  if (typeof protocolVersion !== "string") return 'its "protocolVersion" is not a text';
  if (!isObject(capabilities)) return 'its "capabilities" are not an object';
  const isNamed = isObject(serverInfo) && typeof serverInfo.name === "string" &&
    typeof serverInfo.version === "string";
  return isNamed ? undefined : 'its "serverInfo" has no name and version';
}

function completionError({ completion }: JsonObject): string | undefined {
  return isObject(completion) && Array.isArray(completion.values)
    ? undefined
    : 'its "completion" has no list of values';
}

/** The error of an entry of a list. */
function entryError(entry: unknown): string | undefined {
  return isObject(entry) && typeof entry.name === "string" ? undefined : "has no name";
}

/** The error of a content block, as words that follow its name; undefined if it is valid. */
export function contentError(block: unknown): string | undefined {
  if (!isObject(block)) return "is not a content block";
  return typeError(block) ?? optionalError(block);
}

/** Members that content of all types may have; icons are those of links. */
const OPTIONAL: Readonly<Record<string, MemberCheck>> = {
  annotations: ANNOTATIONS,
  _meta: OBJECT,
  icons: ICONS,
};

function optionalError(block: JsonObject): string | undefined {
  // Perf: most content has none of them, and a loop over their names costs more than this.
  const { annotations, _meta, icons } = block;
  if (annotations === undefined && _meta === undefined && icons === undefined) return undefined;
  const error = memberError(block, OPTIONAL);
  return error === undefined ? undefined : `has a wrong member: ${error}`;
}

const RESOURCE_OPTIONAL: Readonly<Record<string, MemberCheck>> = { mimeType: TEXT, _meta: OBJECT };

/** Members of results beside their lists: a wrong one costs clients the result. */
const BESIDE_LIST: Readonly<Record<string, Readonly<Record<string, MemberCheck>>>> = {
  [METHODS.callTool]: { isError: BOOLEAN, _meta: OBJECT },
  [METHODS.getPrompt]: { description: TEXT, _meta: OBJECT },
};

/** The error of a result beside its list, such as `its isError must be true or false`. */
export function besideListError(method: string, result: object): string | undefined {
  const error = memberError(result as JsonObject, BESIDE_LIST[method] ?? {});
  return error === undefined ? undefined : `its ${error}`;
}

function memberError(
  value: JsonObject,
  checks: Readonly<Record<string, MemberCheck>>,
): string | undefined {
  for (const name in checks) {
    const fault = value[name] === undefined ? undefined : checks[name]!(value[name]);
    if (fault !== undefined) return `${name}${fault}`;
  }
  return undefined;
}

/** The error of the members that a block of its type must have. */
function typeError(block: JsonObject): string | undefined {
  switch (block.type) {
    case "text":
      return typeof block.text === "string" ? undefined : "has no text";
    case "image":
    case "audio":
      return binaryError(block.data, block.mimeType);
    case "resource":
      return resourceError(block.resource);
    case "resource_link":
      return linkError(block);
    default:
      return `has the type ${JSON.stringify(block.type)}, which the protocol does not know`;
  }
}

/** The same for a message of a prompt, whose resources must have a MIME type. */
export function messageError(message: unknown): string | undefined {
  if (!isObject(message)) return "is no message";
  const { role, content } = message;
  if (role !== "user" && role !== "assistant") return 'has a role other than "user" or "assistant"';
  const error = contentError(content);
  if (error !== undefined) return `has content that ${error}`;
  const { resource } = content as JsonObject;
  return isObject(resource) && !isMimeType(resource.mimeType)
    ? "holds a resource without a MIME type"
    : undefined;
}

/** The same for the contents of a resource, alone or within other content. */
export function resourceError(resource: unknown): string | undefined {
  if (!isObject(resource)) return "holds no resource";
  const { uri, text, blob } = resource;
  if (typeof uri !== "string" || !isUri(uri)) return "holds a resource without a URI";
  if (typeof text !== "string" && !isBase64(blob)) {
    return "holds a resource with neither text nor a base64 blob";
  }
  const error = memberError(resource, RESOURCE_OPTIONAL);
  return error === undefined ? undefined : `holds a resource with a wrong member: ${error}`;
}

function linkError({ uri, name }: JsonObject): string | undefined {
  if (typeof uri !== "string" || !isUri(uri)) return "has no URI";
  return typeof name === "string" ? undefined : "has no name";
}

function binaryError(data: unknown, mimeType: unknown): string | undefined {
  if (!isBase64(data)) return "has data that is not base64";
  return isMimeType(mimeType) ? undefined : "has no MIME type";
}

function isMimeType(value: unknown): boolean {
  return typeof value === "string" && MIME_TYPE_REGEXP.test(value);
}

function isBase64(data: unknown): boolean {
  if (typeof data !== "string" || data.length % 4 !== 0) return false;
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  return !NOT_BASE64_REGEXP.test(data.slice(0, data.length - padding));
}
