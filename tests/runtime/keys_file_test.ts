/** The file of static keys, read again when it changes. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AuthFailure } from "../../lib/auth/auth_failure.ts";
import { ConfigError } from "../../lib/base/errors.ts";
import { type ChangingFile, fileAt, KeysFile } from "../../lib/runtime/keys_file.ts";
import { CapturedLog } from "../helpers/log.ts";

/** A file whose text a test changes. */
class FakeFile implements ChangingFile {
  readonly path = "keys.json";
  #text: string;
  #version = 0;

  constructor(text: unknown) {
    this.#text = JSON.stringify(text);
  }

  write(text: string): void {
    this.#text = text;
    this.#version++;
  }

  version(): Promise<string> {
    return Promise.resolve(String(this.#version));
  }

  text(): Promise<string> {
    return Promise.resolve(this.#text);
  }
}

const KEY = "the-first-key-of-it";
const NEXT = "the-next-key-of-it";

function isKnown({ keys }: KeysFile, token: string): boolean {
  return !(keys.verify({ token, isKey: false }) instanceof AuthFailure);
}

Deno.test("keys that are added and taken away hold with the next look", async () => {
  const file = new FakeFile([{ name: "a", key: KEY }]);
  const keysFile = await KeysFile.open(file);
  assertEquals([isKnown(keysFile, KEY), isKnown(keysFile, NEXT)], [true, false]);
  file.write(JSON.stringify([{ name: "a", key: NEXT }]));
  await keysFile.refresh();
  assertEquals([isKnown(keysFile, KEY), isKnown(keysFile, NEXT)], [false, true]);
});

Deno.test("a file that is broken or gone leaves the keys as they are, and is told once", async () => {
  using log = new CapturedLog();
  const file = new FakeFile([{ name: "a", key: KEY }]);
  const keysFile = await KeysFile.open(file);
  file.write('[{"name": "a", "key": "');
  for (let look = 0; look < 3; look++) await keysFile.refresh();
  assertEquals(isKnown(keysFile, KEY), true);
  file.version = () => Promise.reject(new Error("no such file"));
  for (let look = 0; look < 3; look++) await keysFile.refresh();
  assertEquals(isKnown(keysFile, KEY), true);
  const told = log.of("Static keys cannot be read; the previous keys stay in force");
  assertEquals(told.map(({ fields }) => fields.error), [
    "The file of keys is not JSON",
    "no such file",
  ]);
});

Deno.test("a start without its file fails and names the setting", async () => {
  const { message } = await assertRejects(
    () => KeysFile.open(fileAt("tests/fixtures/no_such_keys.json")),
    ConfigError,
  );
  assertStringIncludes(message, "MCP_AUTH_KEYS_FILE=tests/fixtures/no_such_keys.json: ");
});

Deno.test("deno task key makes a key that the entry beside it knows", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "lib/runtime/key_main.ts", "n8n", "--scopes=a,b", "--expires=2099-01-31"],
  }).output();
  const key = new TextDecoder().decode(stdout).trim();
  const entry = /^\{.*\}$/m.exec(new TextDecoder().decode(stderr))?.[0] ?? "";
  assertStringIncludes(key, "lifeline_");
  const keysFile = await KeysFile.open(new FakeFile([JSON.parse(entry)]));
  const verdict = keysFile.keys.verify({ token: key, isKey: false });
  if (verdict instanceof AuthFailure) throw verdict;
  const { subject, scopes } = verdict.identity;
  assertEquals([subject, scopes], ["n8n", ["a", "b"]]);
});
