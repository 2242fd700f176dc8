/**
 * Makes `lib/base/settings_type.ts` out of the settings themselves: `deno task docs`.
 *
 * @module
 */
import {
  SECRET_SETTINGS,
  SETTING_TOPICS,
  type SettingName,
  SETTINGS,
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
    `  /** ${SETTINGS[name].description}. */\n  readonly ${name}: ${typeOf(name)};\n`
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
  const setting = SETTINGS[name];
  const faults: string[] = [];
  setting.read("\0", (message) => void faults.push(message));
  const [fault = ""] = faults;
  const words = /expected one of (.+)$/.exec(fault)?.[1];
  if (words !== undefined) return words.replaceAll("|", " | ");
  const { fallback } = setting;
  if (Array.isArray(fallback)) return "readonly string[]";
  if (fallback !== undefined) return typeof fallback;
  return `${/whole number/.test(fault) ? "number" : "string"} | undefined`;
}

if (import.meta.main) await Deno.writeTextFile(SETTINGS_TYPE, settingsType());
