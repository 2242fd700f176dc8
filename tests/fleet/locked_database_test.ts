/** A local Deno KV that another process has locked when an instance starts. */
import { assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type MainOptions, runMain, ServerProcess } from "../helpers/process.ts";

/** A database in a new folder, locked as one that another instance has just created. */
class LockedDatabase implements AsyncDisposable {
  readonly options: MainOptions;
  readonly #folder: string;
  readonly #database: DatabaseSync;

  constructor() {
    this.#folder = Deno.makeTempDirSync();
    const path = `${this.#folder}/kv`;
    this.#database = new DatabaseSync(path);
    this.#database.exec("CREATE TABLE other (value); BEGIN IMMEDIATE");
    this.options = {
      env: { MCP_STORE: `kv:${path}`, MCP_SESSION_KEY: "the key of all instances of this test" },
      flags: [`--allow-read=${this.#folder}`, `--allow-write=${this.#folder}`],
    };
  }

  release(): void {
    this.#database.exec("ROLLBACK");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

Deno.test("an instance waits for a database that is locked when it starts", async () => {
  await using database = new LockedDatabase();
  await using server = await ServerProcess.start(database.options, /has locked the database/);
  database.release();
  const [, url] = await server.until(/Endpoint +(http\S+)\/mcp\/sse\n/);
  const response = await fetch(`${url}/readyz`);
  await response.body?.cancel();
  assertEquals(response.status, 200);
});

Deno.test("a start says so when the database stays locked", async () => {
  await using database = new LockedDatabase();
  const { code, stderr } = await runMain(database.options);
  assertMatch(stderr, /cannot be opened: database is locked; another process holds it/);
  assertEquals(code, 1);
});
