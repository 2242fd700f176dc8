/**
 * Finds what can be served among the exports of a module.
 *
 * @module
 */
import { messageOf } from "../base/errors.ts";
import { describeValue, isPlain, kindOf, mistakeOf } from "./feature_form.ts";
import { type FeatureLists, isGroup } from "./group.ts";
import type { Prompt } from "./prompt.ts";
import type { Resource, ResourceTemplate } from "./resource.ts";
import type { Tool } from "./tool.ts";

/** An export, or a part of one, that cannot be served. */
export interface Unserved {
  /** Such as `tools[2]`. */
  readonly path: string;
  /** A description, such as `a promise; await it`. */
  readonly what: string;
  /** Whether its form suggests that the author meant it to be served. */
  readonly isMistake: boolean;
}

/** Exports may hold features in lists and objects, and in lists of those. */
const MAX_DEPTH = 4;

/**
 * Collects the features from exports: features, lists, sets and maps of features, and plain objects
 * with such members.
 *
 * @param exports of a module, by name
 */
export function collectFeatures(
  exports: Readonly<Record<string, unknown>>,
): { readonly features: FeatureLists; readonly unserved: readonly Unserved[] } {
  const collector = new Collector();
  for (const name of Object.keys(exports)) collector.collect(() => exports[name], name);
  return { features: collector.features(), unserved: collector.unserved };
}

class Collector {
  readonly unserved: Unserved[] = [];
  // A feature may be exported by its name and in a list.
  readonly #tools = new Set<Tool>();
  readonly #resources = new Set<Resource>();
  readonly #templates = new Set<ResourceTemplate>();
  readonly #prompts = new Set<Prompt>();

  features(): FeatureLists {
    return {
      tools: [...this.#tools],
      resources: [...this.#resources],
      resourceTemplates: [...this.#templates],
      prompts: [...this.#prompts],
    };
  }

  collect(read: () => unknown, path: string, depth = 0): void {
    try {
      const value = read();
      if (this.#take(value)) return;
      const members = depth < MAX_DEPTH ? membersOf(value, path) : [];
      if (members.length === 0) this.unserved.push({ path, ...unserved(value, depth) });
      for (const [inner, readMember] of members) this.collect(readMember, inner, depth + 1);
    } catch (error) {
      const kind = error instanceof Error ? `${error.name}: ` : "";
      const what = `something that throws when it is read: ${kind}${messageOf(error)}`;
      this.unserved.push({ path, what, isMistake: true });
    }
  }

  #take(value: unknown): boolean {
    if (isGroup(value)) {
      const { tools, resources, resourceTemplates, prompts } = value.features;
      for (const one of [...tools, ...resources, ...resourceTemplates, ...prompts]) this.#take(one);
      return true;
    }
    switch (kindOf(value)) {
      case "tools":
        this.#tools.add(value as Tool);
        return true;
      case "prompts":
        this.#prompts.add(value as Prompt);
        return true;
      case "resourceTemplates":
        this.#templates.add(value as ResourceTemplate);
        return true;
      case "resources":
        this.#resources.add(value as Resource);
        return true;
      default:
        return false;
    }
  }
}

/** The members of lists and plain objects, each with its path; empty for any other value. */
function membersOf(value: unknown, path: string): readonly (readonly [string, () => unknown])[] {
  if (value instanceof Map) return membersOf(Object.fromEntries(value), path);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].map((item, index) => [`${path}[${index}]`, () => item]);
  }
  if (!isPlain(value) || mistakeOf(value) !== undefined) return [];
  const members = value as Readonly<Record<string, unknown>>;
  return Object.keys(members)
    .filter((name) => isContainerOrFeature(members[name]))
    .map((name) => [`${path}.${name}`, () => members[name]]);
}

/** An object with other members, such as a configuration, is reported as a whole. */
function isContainerOrFeature(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    ("listing" in value || Array.isArray(value) || value instanceof Set || value instanceof Map ||
      isPlain(value));
}

function unserved(value: unknown, depth: number): Omit<Unserved, "path"> {
  // Among things that are served, nothing else is expected.
  const isMistake = depth > 0 || mistakeOf(value) !== undefined;
  return { what: describeValue(value), isMistake };
}
