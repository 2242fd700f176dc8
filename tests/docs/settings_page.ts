/**
 * Makes `docs/settings.md` out of the settings themselves: `deno task docs`.
 *
 * @module
 */
import { defaultText, SECRET_SETTINGS, SETTING_TOPICS, SETTINGS } from "../../lib/base/settings.ts";

/** URL of the page. */
export const SETTINGS_PAGE = new URL("../../docs/settings.md", import.meta.url);

const HEAD = `# Settings

Settings are environment variables, or flags of the same name (\`--mcp-ping-interval-ms=5000\`), which
win. \`deno task start:env\` also reads variables from the file \`.env\`, one \`NAME=value\` a line. \`deno task start --check-config\` prints what is in force, \`--help\` lists all. A wrong value
stops the start with a message that names it and what is allowed. Durations end in \`_MS\` and are
milliseconds, sizes end in \`_BYTES\`. [operations/limits.md](operations/limits.md) tells how each limit
shows itself.

A secret is best read from a file, as containers and systemd hand them over:
${SECRET_SETTINGS.map((name) => `\`${name}_FILE\``).join(", ")} name one each. The file may be
a pipe, whose writer has 5 s. A flag can be seen by everybody on the machine, and is never shown in
a message.

This page is made by \`deno task docs\`.
`;

/** The text of the page, before it is formatted. */
export function settingsPage(): string {
  const topics = SETTING_TOPICS.map(({ title, names }) => {
    const rows = names.map((name) => {
      const description = SETTINGS[name].description.replaceAll("|", "\\|");
      return `| \`${name}\` | ${defaultText(name).replaceAll("*", "\\*")} | ${description} |`;
    });
    return [`## ${title}`, "", "| name | default | what it does |", "| --- | --- | --- |", ...rows]
      .join("\n");
  });
  return [HEAD, ...topics, ""].join("\n\n").replace(/\n{3,}/g, "\n\n");
}

if (import.meta.main) await Deno.writeTextFile(SETTINGS_PAGE, settingsPage());
