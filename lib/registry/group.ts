/**
 * Groups: features that share a prefix and middleware.
 *
 * @module
 */
import { RegistrationError } from "../base/errors.ts";
import { CHECKED_ELSEWHERE, type MemberChecks, requireOptions } from "../base/members.ts";
import { groupedPrompt, groupedResource, groupedTemplate, groupedTool } from "./grouped.ts";
import { describeValue, type FeatureKind, kindOf, mistakeOf } from "./feature_form.ts";
import { type Middleware, requireMiddleware } from "./middleware.ts";
import type { Prompt } from "./prompt.ts";
import type { Resource, ResourceTemplate } from "./resource.ts";
import type { Tool } from "./tool.ts";

/** Features by their kind, in lists. */
// deno-lint-ignore no-explicit-any -- as for the features themselves
export interface FeatureLists<App = any> {
  readonly tools: readonly Tool<App>[];
  readonly resources: readonly Resource<App>[];
  readonly resourceTemplates: readonly ResourceTemplate<App>[];
  readonly prompts: readonly Prompt<App>[];
}

/** The tools, resources, templates and prompts of an app or a group; groups may stand in any list. */
// deno-lint-ignore no-explicit-any -- as for the features themselves
export interface Features<App = any> {
  // Lists, because the compiler's message for a wrong item of an `Iterable` is hard to read.
  readonly tools?: readonly (Tool<App> | FeatureGroup<App>)[];
  readonly resources?: readonly (Resource<App> | FeatureGroup<App>)[];
  readonly resourceTemplates?: readonly (ResourceTemplate<App> | FeatureGroup<App>)[];
  readonly prompts?: readonly (Prompt<App> | FeatureGroup<App>)[];
}

/** Options of {@linkcode group}. */
export interface GroupOptions<App = unknown> extends Features<App> {
  /** Middleware around the group's tools, resources and prompts; the first is the outermost. */
  readonly use?: readonly Middleware[];
}

/** Features that are served under a prefix. */
// deno-lint-ignore no-explicit-any -- as for the features themselves
export interface FeatureGroup<App = any> {
  readonly name: string;
  /** The features under their full names, with the group's middleware around them. */
  readonly features: FeatureLists<App>;
}

const OPTIONS: MemberChecks<GroupOptions> = {
  tools: CHECKED_ELSEWHERE,
  resources: CHECKED_ELSEWHERE,
  resourceTemplates: CHECKED_ELSEWHERE,
  prompts: CHECKED_ELSEWHERE,
  use: CHECKED_ELSEWHERE,
};
const NAME_REGEXP = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Puts features under a prefix, and middleware around them. A tool `invoice` of the group `billing` is
 * served as `billing_invoice`, and so are prompts; resources keep their URIs. Groups may hold groups.
 *
 * @param name the prefix: 1 to 64 letters, digits, `_`, `-` and `.`
 * @throws {RegistrationError} for a name outside the protocol's characters, or one that gets too long,
 *   and for a value that is not a feature or middleware
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createApp, defineTool, group } from "../mod.ts";
 *
 * const invoice = defineTool({ name: "invoice", description: "Writes an invoice", run: () => "…" });
 * const app = createApp({ tools: [group("billing", { tools: [invoice] })] });
 * assertEquals([...app.catalog.tools.values()].map(({ name }) => name), ["billing_invoice"]);
 * app.stop();
 * ```
 */
export function group<App = unknown>(
  name: string,
  options: GroupOptions<App>,
): FeatureGroup<App> {
  if (typeof name !== "string" || !NAME_REGEXP.test(name)) {
    throw new RegistrationError(
      `Cannot serve group ${
        JSON.stringify(name)
      }: a name is 1 to 64 letters, digits, "_", "-" and "."`,
    );
  }
  const refuse = (message: string) =>
    new RegistrationError(`Cannot serve group "${name}": ${message}`);
  requireOptions(options, { owner: "group()", checks: OPTIONS, refuse });
  const { use = [], ...features } = options;
  requireMiddleware(use, `group "${name}"`);
  const { tools, resources, resourceTemplates, prompts } = flatten(features);
  const within = { name, use };
  return Object.freeze({
    name,
    features: {
      tools: tools.map((tool) => groupedTool(tool, within)),
      resources: resources.map((resource) => groupedResource(resource, within)),
      resourceTemplates: resourceTemplates.map((template) => groupedTemplate(template, within)),
      prompts: prompts.map((prompt) => groupedPrompt(prompt, within)),
    },
  });
}

/** Whether a value is what {@linkcode group} returns. */
export function isGroup(value: unknown): value is FeatureGroup {
  return typeof value === "object" && value !== null && "features" in value && "name" in value &&
    typeof value.features === "object" && value.features !== null && "tools" in value.features;
}

/**
 * The features by their kind. The features of a group are served whichever list contains the group.
 *
 * @throws {RegistrationError} naming a value that is not a feature, or belongs in another list
 */
export function flatten<App>(features: Features<App>): FeatureLists<App> {
  const lists = {
    tools: [] as Tool<App>[],
    resources: [] as Resource<App>[],
    resourceTemplates: [] as ResourceTemplate<App>[],
    prompts: [] as Prompt<App>[],
  };
  for (const kind of ["tools", "resources", "resourceTemplates", "prompts"] as const) {
    for (const [index, item] of listOf(features, kind).entries()) {
      if (isGroup(item)) add(lists, item.features);
      else {
        requireKind(item, kind, index);
        (lists[kind] as unknown[]).push(item);
      }
    }
  }
  return lists;
}

/** Deno runs programs without a type check, so a wrong list may come this far. */
function listOf(features: Features, kind: FeatureKind): readonly unknown[] {
  const list: unknown = features[kind] ?? [];
  if (typeof list === "object" && list !== null && Symbol.iterator in list) {
    return [...list as Iterable<unknown>];
  }
  throw new RegistrationError(
    `Cannot serve ${kind}: it must be a list, not ${describeValue(list)}`,
  );
}

/** The function that makes a feature of each kind. */
const DEFINERS: Readonly<Record<FeatureKind, string>> = {
  tools: "defineTool",
  resources: "defineResource",
  resourceTemplates: "defineResourceTemplate",
  prompts: "definePrompt",
};

function requireKind(item: unknown, kind: FeatureKind, index: number): void {
  const found = kindOf(item);
  if (found === kind) return;
  const why = found === undefined
    ? mistakeOf(item) ?? `${describeValue(item)}, which ${DEFINERS[kind]}() did not make`
    : `it belongs in "${found}"`;
  throw new RegistrationError(`Cannot serve ${kind}[${index}]: ${why}`);
}

function add(lists: { readonly [K in keyof FeatureLists]: unknown[] }, more: FeatureLists): void {
  lists.tools.push(...more.tools);
  lists.resources.push(...more.resources);
  lists.resourceTemplates.push(...more.resourceTemplates);
  lists.prompts.push(...more.prompts);
}
