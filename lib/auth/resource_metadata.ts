/**
 * The documents that tell clients where to get a token (RFC 9728). Their only source is the public
 * URL in the settings, because any client can send any `Host`.
 *
 * @module
 */
import { withoutSlash } from "./token_rules.ts";

/** Contents of the documents. */
export interface ResourceMetadataOptions {
  /** The public base, without a query: `https://mcp.example.com` or `https://example.com/base`. */
  readonly publicUrl: string;
  /** Paths of the endpoints below the base, such as `/mcp`. */
  readonly endpoints: readonly string[];
  /** At least one (MCP 2025-06-18, Authorization Server Location). */
  readonly authorizationServers: readonly string[];
  readonly scopes: readonly string[];
  readonly name: string;
}

/** A serialized document. */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly ["header"];
  readonly resource_name: string;
}

/** Well-known path of the documents; an endpoint's path follows. */
const RESOURCE_METADATA_PATH = "/.well-known/oauth-protected-resource";

/** The public URLs of the base and of each endpoint, without a trailing slash. */
export function resourceUrls(publicUrl: string, endpoints: readonly string[]): readonly string[] {
  const base = withoutSlash(publicUrl);
  return [base, ...endpoints.map((path) => `${base}${path}`)];
}

/**
 * The documents by path: one for each endpoint and one for the base, each with its own `resource`,
 * because clients must compare it (RFC 9728). If the base has a path, each document is served with
 * that path, as clients request it, and without it, because a proxy may strip it.
 */
export function resourceMetadata(
  options: ResourceMetadataOptions,
): ReadonlyMap<string, ResourceMetadata> {
  const base = withoutSlash(new URL(options.publicUrl).pathname);
  const documents = ["", ...options.endpoints].flatMap((path) => {
    const document = documentOf(options, path);
    const paths = [`${RESOURCE_METADATA_PATH}${path}`, `${RESOURCE_METADATA_PATH}${base}${path}`];
    return paths.map((each) => [each, document] as const);
  });
  return new Map(documents);
}

/** URL of the document of an endpoint, or of the base where the path is empty. */
export function resourceMetadataUrl(publicUrl: string, path: string): string {
  const { origin, pathname } = new URL(publicUrl);
  return `${origin}${RESOURCE_METADATA_PATH}${withoutSlash(pathname)}${path}`;
}

function documentOf(options: ResourceMetadataOptions, path: string): ResourceMetadata {
  const { publicUrl, authorizationServers, scopes, name } = options;
  return {
    resource: `${withoutSlash(publicUrl)}${path}`,
    authorization_servers: authorizationServers,
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    bearer_methods_supported: ["header"],
    resource_name: name,
  };
}
