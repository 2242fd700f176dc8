/**
 * Makes `lib/base/settings_type.ts` out of the settings themselves: `deno task docs`.
 *
 * @module
 */
import {
  SECRET_SETTINGS,
  SETTING_TOPICS,
  type SettingName,
  SETTINGS_SCHEMA,
} from "../../lib/base/settings.ts";

/** URL of the file with the type. */
export const SETTINGS_TYPE = new URL("../../lib/base/settings_type.ts", import.meta.url);

const HEAD = `/**
 * All settings, complete and checked. Durations end in \`_MS\` and are in milliseconds, sizes in
 * \`_BYTES\`; docs/settings.md has the defaults.
 *
 * Written out, so that the library's types need no inference. \`deno task docs\` makes this file.
 */
export interface Settings {
`;

/** The text of the file, before it is formatted. */
export function settingsType(): string {
  const members = SETTING_TOPICS.flatMap(({ names }) => names).map((name) =>
    `  /** ${SETTINGS_SCHEMA.shape[name].description ?? ""}. */\n  readonly ${name}: ${
      typeOf(name)
    };\n`
  );
  const secrets = SECRET_SETTINGS.map((name) => `  | ${JSON.stringify(name)}`).join("\n");
  return `${HEAD}${members.join("")}}

/** Settings that only the server may know. */
export type SecretName =
${secrets};

/** All settings but the secrets. */
export type PublicSettings = Omit<Settings, SecretName>;
`;
}

function typeOf(name: SettingName): string {
  const schema = SETTINGS_SCHEMA.shape[name];
  const { error } = schema.safeParse("\0");
  const words = /expected one of (.+)$/.exec(error?.issues[0]?.message ?? "")?.[1];
  if (words !== undefined) return words.replaceAll("|", " | ");
  const { data } = schema.safeParse(undefined);
  if (Array.isArray(data)) return "readonly string[]";
  if (data !== undefined) return typeof data;
  return `${
    /whole number/.test(error?.issues[0]?.message ?? "") ? "number" : "string"
  } | undefined`;
}

if (import.meta.main) await Deno.writeTextFile(SETTINGS_TYPE, settingsType());
