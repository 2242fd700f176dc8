/** Every setting that is a secret: from a file, hidden wherever settings are shown, out of reach of tools. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ConfigError } from "../../lib/base/errors.ts";
import {
  publicSettings,
  SECRET_SETTINGS,
  type SettingName,
  SETTINGS,
} from "../../lib/base/settings.ts";
import { describeSettings, helpText, readCommand } from "../../lib/runtime/config.ts";
import { fileOf } from "../../lib/runtime/secrets.ts";
import { toolCall } from "../helpers/app.ts";
import { ServerProcess } from "../helpers/process.ts";

const LIB = new URL("../../lib", import.meta.url).pathname;
const FIXTURES = new URL("../fixtures/", import.meta.url).pathname;
const KEY = "a-key-of-the-caller-0123456789";
/** Further settings that the secrets need, so that a server starts. */
const SURROUNDINGS = {
  MCP_AUTH_AUDIENCES: "https://mcp.example",
  MCP_AUTH_INTROSPECTION_URL: "https://issuer.example/introspect",
  MCP_AUTH_INTROSPECTION_CLIENT_ID: "lifeline",
};
/** Names that sound like a secret but are not. */
const HARMLESS: readonly string[] = [
  "MCP_AUTH_TOKEN_TYPES",
  "MCP_AUTH_KEYS_FILE",
  "MCP_AUTH_KEY_HEADER",
];

/** A value that the setting takes; the store's has its password in the URL. */
function valueOf(name: string): string {
  const value = `the-value-of-${name.toLowerCase()}-0123456789abcdef`;
  return name === "MCP_STORE" ? `redis://lifeline:${value}@127.0.0.1:1` : value;
}

/** Files with a secret each, in a folder of their own. */
async function secretFiles() {
  const folder = await Deno.makeTempDir({ prefix: "lifeline-secrets-" });
  const paths = Object.fromEntries(SECRET_SETTINGS.map((name) => [name, `${folder}/${name}`]));
  for (const [name, path] of Object.entries(paths)) {
    await Deno.writeTextFile(path, `${valueOf(name)}\n`);
  }
  return {
    folder,
    paths,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function read(env: Readonly<Record<string, string>>) {
  return readCommand([], (name) => env[name]);
}

Deno.test("every setting that sounds like a secret is one, or is listed as harmless", () => {
  const sounding = Object.keys(SETTINGS)
    .filter((name) => /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|STORE$/.test(name))
    .filter((name) => !HARMLESS.includes(name));
  assertEquals(sounding.sort(), [...SECRET_SETTINGS].sort());
});

for (const name of SECRET_SETTINGS) {
  Deno.test(`${name} is read from a file, and shown nowhere`, async () => {
    await using files = await secretFiles();
    const path = files.paths[name] ?? "";
    const { settings } = read({ [fileOf(name)]: path });
    const value = valueOf(name);
    assertEquals(settings[name], value);
    assert(!(name in publicSettings(settings)), "what a library user sees");
    const shown = describeSettings(settings);
    assertMatch(shown, new RegExp(`^${name} +\\(set\\)$`, "m"));
    assert(!shown.includes(value));
    assert(helpText().includes(fileOf(name)), "--help names the file");
    const both = assertThrows(() => read({ [name]: value, [fileOf(name)]: path }), ConfigError);
    assertMatch(both.message, new RegExp(`${name} is set as well`));
    const empty = assertThrows(() => read({ [fileOf(name)]: `${files.folder}/none` }), ConfigError);
    assertMatch(empty.message, new RegExp(fileOf(name)));
    assert(![both.message, empty.message].some((message) => message.includes(value)));
  });
}

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function call(server: ServerProcess, name: string, args: object): Promise<any> {
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${KEY}` },
    body: JSON.stringify(toolCall(name, { ...args })),
  });
  return (await response.json()).result;
}

Deno.test("no tool finds a secret: not in the environment, and not in its file", async () => {
  await using files = await secretFiles();
  const keys = `${files.folder}/keys.json`;
  await Deno.writeTextFile(keys, JSON.stringify([{ name: "caller", key: KEY }]));
  const shared = {
    ...SURROUNDINGS,
    MCP_TOOLS: "./prying.ts",
    MCP_AUTH_KEYS_FILE: keys,
    MCP_MASK_ERRORS: "off",
  };
  const start = (env: Record<string, string>, grants: readonly string[]) =>
    ServerProcess.start({
      cwd: `${FIXTURES}tools`,
      reads: [`${FIXTURES}tools`, LIB, keys, ...grants],
      // One of the secrets is the URL of a Redis, which needs a package of its own lock file.
      flags: [`--lock=${LIB}/store/redis/deno.lock`],
      env: { ...shared, ...env },
    });
  const inEnvironment = Object.fromEntries(SECRET_SETTINGS.map((name) => [name, valueOf(name)]));
  {
    await using server = await start(inEnvironment, []);
    for (const name of SECRET_SETTINGS) {
      const { content } = await call(server, "read_env", { name });
      assertEquals(content[0].text, "(not set)", name);
    }
    assertEquals(holdsSecret(server.stderr), undefined, "in the log");
  }
  const inFiles = Object.fromEntries(
    SECRET_SETTINGS.map((name) => [fileOf(name), files.paths[name] ?? ""]),
  );
  await using server = await start(inFiles, Object.values(files.paths));
  for (const name of SECRET_SETTINGS) {
    const { content } = await call(server, "read_file", { path: files.paths[name] ?? "" });
    assertMatch(content[0].text, /^Requires read access to/, name);
    const variable = await call(server, "read_env", { name });
    assertEquals(variable.content[0].text, "(not set)", name);
  }
  assertEquals(holdsSecret(server.stderr), undefined, "in the log");
});

/** The secret whose value a text holds. */
function holdsSecret(text: string): SettingName | undefined {
  return SECRET_SETTINGS.find((name) => text.includes(valueOf(name)));
}

for (
  const [where, grants, isWarned] of [
    ["in the folder where the server runs", "folder", true],
    ["that is granted alone", "file", false],
  ] as const
) {
  Deno.test(`a start ${isWarned ? "warns" : "does not warn"} of a secret's file ${where}`, async () => {
    await using files = await secretFiles();
    const path = files.paths.MCP_READ_TOKEN ?? "";
    const isInFolder = grants === "folder";
    await using server = await ServerProcess.start({
      cwd: isInFolder ? files.folder : `${FIXTURES}tools`,
      reads: [`${FIXTURES}tools`, LIB, isInFolder ? files.folder : path],
      env: {
        MCP_TOOLS: `${FIXTURES}tools/prying.ts`,
        MCP_READ_TOKEN_FILE: path,
        MCP_MASK_ERRORS: "off",
      },
    });
    const { content } = await call(server, "read_file", { path });
    assertEquals(content[0].text.includes(valueOf("MCP_READ_TOKEN")), isWarned);
    const warning = /Tools can read the file of a secret \{"file":"[^"]*MCP_READ_TOKEN"/;
    assertEquals(warning.test(server.stderr), isWarned, server.stderr);
  });
}
