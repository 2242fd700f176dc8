/**
 * What tools and prompts give back, looked at before it goes to a client: binary data has to be
 * base64 with a MIME type, a resource has a URI and either text or a blob (2025-11-25,
 * server/prompts, Data Types). The type checker sees to the rest, but not to that.
 *
 * @module
 */
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import { isUri } from "./uri.ts";

const MIME_TYPE_REGEXP = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/;
/** What base64 cannot hold (RFC 4648, section 4); a search, as data may be megabytes long. */
const NOT_BASE64_REGEXP = /[^A-Za-z0-9+/]/;

/** The first fault among several, with its place, such as `[1] has no text`. */
export function firstFault(
  items: readonly unknown[],
  faultOf: (item: unknown) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const fault = faultOf(item);
    if (fault !== undefined) return `[${index}] ${fault}`;
  }
  return undefined;
}

/** What is wrong with a block of content, as words that follow its name; none where it is right. */
export function contentFault(block: unknown): string | undefined {
  if (!isObject(block)) return "is no content";
  switch (block.type) {
    case "text":
      return typeof block.text === "string" ? undefined : "has no text";
    case "image":
    case "audio":
      return binaryFault(block.data, block.mimeType);
    case "resource":
      return resourceFault(block.resource);
    case "resource_link":
      return typeof block.uri === "string" && isUri(block.uri) ? undefined : "has no URI";
    default:
      return `has the type ${JSON.stringify(block.type)}, which the protocol does not know`;
  }
}

/** The same for a message of a prompt, whose resources must have a MIME type. */
export function messageFault(message: unknown): string | undefined {
  if (!isObject(message)) return "is no message";
  const { role, content } = message;
  if (role !== "user" && role !== "assistant") return 'has a role other than "user" or "assistant"';
  const fault = contentFault(content);
  if (fault !== undefined) return `has content that ${fault}`;
  const { resource } = content as JsonObject;
  return isObject(resource) && !isMimeType(resource.mimeType)
    ? "holds a resource without a MIME type"
    : undefined;
}

/** The same for what a resource holds, alone or within other content. */
export function resourceFault(resource: unknown): string | undefined {
  if (!isObject(resource)) return "holds no resource";
  const { uri, text, blob } = resource;
  if (typeof uri !== "string" || !isUri(uri)) return "holds a resource without a URI";
  if (typeof text === "string") return undefined;
  return isBase64(blob) ? undefined : "holds a resource with neither text nor a base64 blob";
}

function binaryFault(data: unknown, mimeType: unknown): string | undefined {
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
