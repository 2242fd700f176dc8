import { ConfigError, messageOf, RegistrationError, stackOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { nearestOf } from "../base/nearest.ts";
import { withoutCredentials } from "../base/urls.ts";
import { collectFeatures, type Unserved } from "../registry/collect.ts";
import type { FeatureLists, Features } from "../registry/group.ts";
import { composeLifespans, type Lifespan, type NamedLifespan } from "../registry/lifespan.ts";
import type { Middleware } from "../registry/middleware.ts";
import { type ModuleHooks, takeHooks } from "./module_hooks.ts";
import { toModuleUrl } from "./module_url.ts";

const log = logFor("tools");
const KINDS = {
  tools: "tool",
  resources: "resource",
  resourceTemplates: "resource template",
  prompts: "prompt",
} as const;
type Kind = keyof typeof KINDS;

/** The features of modules, and the middleware and lifespan around them. */
export interface LoadedModules extends FeatureLists, Lifespan {
  readonly use: readonly Middleware[];
}

/**
 * Loads modules and collects the exports that can be served: tools, resources, templates and
 * prompts, alone, in lists, or as members of objects. The log names exports that cannot be served.
 * `use`, `onStart` and `onStop` mean the same as in `createApp()`.
 *
 * @param specifiers paths, relative to the working directory, or URLs
 * @param builtIn built-in features, which are served too and reserve their names
 * @throws {ConfigError} naming the module that does not load or is listed twice, or the modules with
 *   the same name
 */
export async function loadFeatures(
  specifiers: readonly string[],
  builtIn: Features = {},
): Promise<LoadedModules> {
  const names = new TakenNames(builtIn);
  const use: Middleware[] = [];
  const lifespans: NamedLifespan[] = [];
  const all: { [K in Kind]: FeatureLists[K][number][] } = {
    tools: [],
    resources: [],
    resourceTemplates: [],
    prompts: [],
  };
  const urls = new Set<string>();
  for (const specifier of specifiers) {
    const url = toModuleUrl(specifier, Deno.cwd());
    if (urls.has(url)) throw refusal(specifier, url, "it is listed twice; list it once");
    urls.add(url);
    const { features, hooks } = await loadModule(specifier, url);
    names.add(features, { specifier, url });
    all.tools.push(...features.tools);
    all.resources.push(...features.resources);
    all.resourceTemplates.push(...features.resourceTemplates);
    all.prompts.push(...features.prompts);
    use.push(...hooks.use);
    lifespans.push({ origin: specifier, lifespan: hooks });
  }
  return { ...all, use, ...composeLifespans(lifespans) };
}

/** The features of one module, and its middleware and lifespan. */
interface LoadedModule {
  readonly features: FeatureLists;
  readonly hooks: ModuleHooks;
}

async function loadModule(specifier: string, url: string): Promise<LoadedModule> {
  let module: Record<string, unknown>;
  try {
    await requireModuleFile(url);
    module = await import(url);
  } catch (error) {
    const words = wordsOf(error);
    if (!(error instanceof RegistrationError)) logStack(url, words, error);
    throw refusal(specifier, url, words, error);
  }
  const { hooks, others: exports } = takeHooks(module, (why) => refusal(specifier, url, why));
  const { features, unserved: found } = collectFeatures(exports);
  const unserved = found.map(withHookMeant);
  if (hooks.isEmpty && Object.values(features).every((list) => list.length === 0)) {
    const others = unserved.map(({ path, what }) => `${path} is ${what}`).join(", ");
    const only = others === "" ? "nothing" : `only what cannot be served: ${others}`;
    throw refusal(
      specifier,
      url,
      `it exports no tools, resources or prompts, but ${only}; export what defineTool(), ` +
        "defineResource(), defineResourceTemplate() and definePrompt() return",
    );
  }
  logUnserved(url, unserved);
  return { features, hooks };
}

/** The names of hooks, as other libraries and typing errors have them. */
const HOOKS: Readonly<Record<string, string>> = {
  ...{ use: "use", middleware: "use", middlewares: "use" },
  ...{ onstart: "onStart", onstop: "onStop" },
};

/** A hook that is misspelt would be passed over. */
function withHookMeant(one: Unserved): Unserved {
  const name = one.path.toLowerCase();
  const meant = Object.hasOwn(HOOKS, name)
    ? HOOKS[name]
    : nearestOf(one.path, ["onStart", "onStop"]);
  if (meant === undefined) return one;
  return { ...one, what: `${one.what}; did you mean ${meant}?`, isMistake: true };
}

/** @throws {Error} if an import of the module would wait for a pipe, or read a device for ever */
async function requireModuleFile(url: string): Promise<void> {
  if (!url.startsWith("file:")) return;
  // The import says what is wrong with a path that leads nowhere.
  const info = await Deno.stat(new URL(url)).catch(() => undefined);
  if (info?.isFile === false && !info.isDirectory) throw new Error("it is a pipe or device");
}

/** The names that are served, and where each comes from. */
class TakenNames {
  readonly #origins = new Map<string, string>();

  constructor(builtIn: Features) {
    for (const { kind, name } of namesOf(builtIn)) {
      this.#origins.set(
        `${kind} ${name}`,
        "a built-in one (MCP_BUILT_IN_TOOLS=false leaves them out)",
      );
    }
  }

  /** @throws {ConfigError} naming both origins of a name */
  add(features: Features, { specifier, url }: { specifier: string; url: string }): void {
    for (const { kind, name, origin: group } of namesOf(features)) {
      const key = `${kind} ${name}`;
      const taken = this.#origins.get(key);
      if (taken !== undefined) {
        const where = taken.replace(url, "the same module");
        const of = group === undefined ? "" : ` of ${group}`;
        const what = `the name of its ${KINDS[kind]} "${name}"${of} is taken by ${where}`;
        throw refusal(specifier, url, what);
      }
      this.#origins.set(key, group === undefined ? `one of ${url}` : `one of ${group} of ${url}`);
    }
  }
}

/** A name that is served, and the group that it comes from. */
interface ServedName {
  readonly kind: Kind;
  readonly name: string;
  readonly origin: string | undefined;
}

function namesOf(features: Features): readonly ServedName[] {
  return (Object.keys(KINDS) as Kind[]).flatMap((kind) =>
    [...features[kind] ?? []].map((feature) => ({
      kind,
      name: feature.name,
      origin: "origin" in feature ? feature.origin : undefined,
    }))
  );
}

function refusal(specifier: string, url: string, why: string, cause?: unknown): ConfigError {
  const message = withoutCredentials(`Cannot load MCP_TOOLS=${specifier} (${url}): ${why}`);
  return new ConfigError(message, { cause });
}

/** The message of an error, without Deno's colors. */
function wordsOf(error: unknown): string {
  const words = stripAnsi(messageOf(error));
  return /--allow-\w+/.test(words)
    ? `${words}\nSee docs/tools.md, "What a tool may touch", for how to grant it`
    : words;
}

/** Logs where a module threw while it loaded, unless it was not even found. */
function logStack(module: string, words: string, error: unknown): void {
  const stack = withoutOwnFrames(stripAnsi(stackOf(error) ?? ""));
  // Deno puts the place of an import that fails into the message.
  const isInMessage = /^\s+at /m.test(words);
  if (isInMessage || !/^\s+at /m.test(stack)) return;
  log.error("Module threw while it loaded", { module, error: words, stack });
}

function stripAnsi(text: string): string {
  // deno-lint-ignore no-control-regex -- an escape sequence begins with a control character
  return text.replace(/\x1b\[[\d;]*m/g, "");
}

/** Without the frames that lead here, which are all there are where a module is not found. */
function withoutOwnFrames(stack: string): string {
  let isOwn = false;
  return stack.split("\n").filter((line) => {
    if (!/^\s+at /.test(line)) isOwn = false;
    else isOwn ||= line.includes(import.meta.url);
    return !isOwn;
  }).join("\n");
}

function logUnserved(module: string, unserved: readonly Unserved[]): void {
  const linesOf = (isMistake: boolean) =>
    unserved.filter((one) => one.isMistake === isMistake).map(({ path, what }) =>
      `${path}: ${what}`
    );
  const mistakes = linesOf(true);
  if (mistakes.length > 0) log.warning("Exports cannot be served", { module, exports: mistakes });
  const others = linesOf(false);
  if (others.length > 0) log.info("Exports are not served", { module, exports: others });
}
