/**
 * Checks of definitions. A listing that does not have the protocol's form would cost clients the
 * whole list.
 *
 * @module
 */
import { RegistrationError } from "../base/errors.ts";
import {
  type Aliases,
  BOOLEAN,
  CHECKED_ELSEWHERE,
  listOf,
  type MemberCheck,
  type MemberChecks,
  memberFault,
  numberFrom,
  OBJECT,
  objectOf,
  oneOf,
  TEXT,
  TEXTS,
  wordsFor,
} from "../base/members.ts";
import type { Annotations, Icon, ToolAnnotations } from "../wire/mcp_types.ts";
import type { AccessDefinition } from "./access.ts";
import type { ServingDefinition } from "./serving.ts";

/** The members that definitions of all kinds have. */
interface Described extends AccessDefinition, ServingDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: Icon[];
  readonly _meta?: object;
}

/** Where icons may be (2025-11-25, basic/index, Icons): other schemes are not safe. */
const ICON_SCHEMES = ["https:", "http:", "data:"];

const iconUrl: MemberCheck = (value) =>
  typeof value === "string" && ICON_SCHEMES.includes(URL.parse(value)?.protocol ?? "")
    ? undefined
    : ` must be an absolute URL (https:, http: or data:), not ${wordsFor(value)}`;

const ICON: MemberChecks<Icon> = {
  src: iconUrl,
  mimeType: TEXT,
  sizes: TEXTS,
  theme: oneOf("light", "dark"),
};

const isIcon: MemberCheck = (value) =>
  objectOf(ICON, { url: "src", href: "src" })(value) ??
    ((value as Icon).src === undefined ? ".src is missing: the URL of the icon" : undefined);

/** The icons of a feature or a link. */
export const ICONS: MemberCheck = listOf(isIcon);

/** Checks of the members that definitions of all kinds have. */
export const DESCRIBED: MemberChecks<Described> = {
  name: CHECKED_ELSEWHERE,
  title: TEXT,
  description: TEXT,
  icons: ICONS,
  _meta: OBJECT,
  scopes: TEXTS,
  listedFor: oneOf("granted", "everybody"),
  tags: CHECKED_ELSEWHERE,
  enabled: BOOLEAN,
};

/** The annotations of a tool. */
export const TOOL_ANNOTATIONS: MemberCheck = objectOf<ToolAnnotations>({
  title: TEXT,
  readOnlyHint: BOOLEAN,
  destructiveHint: BOOLEAN,
  idempotentHint: BOOLEAN,
  openWorldHint: BOOLEAN,
}, {
  readOnly: "readOnlyHint",
  destructive: "destructiveHint",
  idempotent: "idempotentHint",
  openWorld: "openWorldHint",
});

/** The annotations of a resource. */
export const ANNOTATIONS: MemberCheck = objectOf<Annotations>({
  audience: listOf(oneOf("user", "assistant")),
  priority: numberFrom(0, 1),
  lastModified: TEXT,
});

/** A kind of definitions. */
export interface DefinitionForm<T> {
  /** Such as `tool`. */
  readonly kind: string;
  /** The function that takes it, and its least members, such as `defineTool({ name, run })`. */
  readonly use: string;
  readonly checks: MemberChecks<T>;
  readonly aliases: Aliases;
}

/**
 * Checks a definition, before anything is read of it.
 *
 * @throws {RegistrationError} naming the member, and what would be right
 */
export function requireDefinition<T>(
  definition: unknown,
  { kind, use, checks, aliases }: DefinitionForm<T>,
): void {
  if (typeof definition !== "object" || definition === null || Array.isArray(definition)) {
    throw new RegistrationError(
      `Cannot serve ${wordsFor(definition)} as a ${kind}: a definition is an object; call ${use}`,
    );
  }
  const fault = memberFault(definition, checks, aliases);
  if (fault === undefined) return;
  const { name } = definition as { readonly name?: unknown };
  const what = "wrong" in fault
    ? `its ${fault.wrong}`
    : `a ${kind} has no member ${JSON.stringify(fault.unknown)}; ${fault.hint}`;
  throw new RegistrationError(`Cannot serve ${kind} ${JSON.stringify(name)}: ${what}`);
}

/**
 * Checks that completers are functions, and for names that there are.
 *
 * @param names of the arguments or variables
 * @throws {RegistrationError} naming the completer
 */
export function requireCompleters(
  complete: object,
  names: readonly string[],
  owner: string,
): void {
  for (const [name, completer] of Object.entries(complete)) {
    if (!names.includes(name)) {
      const known = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
      throw new RegistrationError(
        `Cannot serve ${owner}: its complete.${name} is for nothing that a user fills in; ${known}`,
      );
    }
    if (typeof completer === "function") continue;
    throw new RegistrationError(
      `Cannot serve ${owner}: its complete.${name} must be a function, not ${wordsFor(completer)}`,
    );
  }
}
