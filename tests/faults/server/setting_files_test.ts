/** Settings that name a file, whose paths lead to pipes, folders, devices and circles of links. */
import { assertEquals, assertMatch } from "@std/assert";
import { START_FLAGS } from "../../helpers/process.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const SECRET = "0123456789abcdef0123456789abcdef";
/** Many times as long as a start takes that ends with a reason (ms). */
const PATIENCE_MS = 60_000;

async function shell(script: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], cwd: ROOT }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** A folder with something of each kind. */
async function traps() {
  const folder = await shell(
    "d=$(mktemp -d) && cd $d && mkfifo pipe && ln -s b a && ln -s a b && : > empty && echo $d",
  );
  return { folder, [Symbol.asyncDispose]: async () => void await shell(`rm -r ${folder}`) };
}

/** What a start says that checks its settings; it is killed if it does not end. */
async function start(setting: string, path: string): Promise<{ code: number; text: string }> {
  const granted = START_FLAGS.filter((flag) => !flag.startsWith("--allow-read"));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...granted, "--allow-read", `${ROOT}main.ts`, "--port=0", "--check-config"],
    cwd: ROOT,
    env: { [setting]: path, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

const CASES: readonly (readonly [setting: string, path: string, reason: RegExp])[] = [
  ["MCP_ADMIN_TOKEN_FILE", "pipe", /pipe": It is a pipe or device from which nothing came within/],
  ["MCP_ADMIN_TOKEN_FILE", ".", /It is a folder; name a file/],
  ["MCP_ADMIN_TOKEN_FILE", "none", /none": No such file/],
  ["MCP_ADMIN_TOKEN_FILE", "a", /a": Too many levels of symbolic links/],
  ["MCP_ADMIN_TOKEN_FILE", "empty", /empty": The file is empty/],
  ["MCP_ADMIN_TOKEN_FILE", "/dev/zero", /zero": The file has more than 65536 bytes/],
  ["MCP_AUTH_KEYS_FILE", "pipe", /pipe: It is a pipe or device; name a regular file/],
  ["MCP_AUTH_KEYS_FILE", ".", /It is a folder; name a regular file/],
  ["MCP_AUTH_KEYS_FILE", "a", /a: Too many levels of symbolic links/],
  ["MCP_AUTH_KEYS_FILE", "/dev/zero", /zero: It is a pipe or device/],
  ["MCP_TOOLS", "pipe", /pipe\): it is a pipe or device/],
  ["MCP_TOOLS", "/dev/zero", /zero\): it is a pipe or device/],
];

Deno.test("a start ends with a reason whatever the path of a setting leads to", async () => {
  await using files = await traps();
  for (const [setting, path, reason] of CASES) {
    const { code, text } = await start(
      setting,
      path.startsWith("/") ? path : `${files.folder}/${path}`,
    );
    assertMatch(text, reason, `${setting}=${path}`);
    assertEquals(code, 1, `${setting}=${path}`);
  }
});

Deno.test("a secret may come through a pipe whose writer comes later", async () => {
  await using files = await traps();
  const pipe = `${files.folder}/pipe`;
  const writing = shell(`sleep 0.5; echo ${SECRET} > ${pipe}`);
  const { code, text } = await start("MCP_ADMIN_TOKEN_FILE", pipe);
  await writing;
  assertMatch(text, /MCP_ADMIN_TOKEN +\(set\)/);
  assertEquals(code, 0);
});
