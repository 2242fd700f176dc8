/**
 * A database server with a pool: a model may ask any question, and change only what a tool changes.
 *
 *     SHOP_DATABASE=/srv/shop.db MCP_TOOLS=docs/examples/database.ts deno run --allow-net \
 *       --allow-env --allow-read --allow-write=/srv main.ts
 *
 * It uses the SQLite of Deno (`node:sqlite`), so that it runs without a server. For Postgres the
 * pool is `new Pool()` of `npm:pg`, and `query()` is its own.
 */
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import * as z from "zod";
import { defineResourceTemplate, defineTool, type ToolContext, ToolError } from "@lifeline/mcp";

const READERS = 4;
const MAX_ROWS = 100;

type Row = Record<string, SQLOutputValue>;

/** Connections that are lent one call at a time: several that only read, and one that writes. */
class Pool {
  readonly #writer: DatabaseSync;
  readonly #all: DatabaseSync[] = [];
  readonly #free: DatabaseSync[] = [];
  readonly #waiting: ((connection: DatabaseSync) => void)[] = [];

  constructor(path: string) {
    this.#writer = new DatabaseSync(path);
    this.#writer.exec(`CREATE TABLE IF NOT EXISTS orders
      (id INTEGER PRIMARY KEY, item TEXT NOT NULL, amount INTEGER NOT NULL) STRICT`);
    for (let i = 0; i < READERS; i++) this.#all.push(new DatabaseSync(path, { readOnly: true }));
    this.#free.push(...this.#all);
  }

  /** Lends a connection that only reads, and waits while all are lent. */
  async read<T>(work: (connection: DatabaseSync) => T | Promise<T>): Promise<T> {
    const connection = this.#free.pop() ??
      await new Promise<DatabaseSync>((lend) => this.#waiting.push(lend));
    try {
      return await work(connection);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(connection);
      else next(connection);
    }
  }

  /** Runs a statement that changes data. */
  write(sql: string, ...values: (string | number)[]): number {
    return Number(this.#writer.prepare(sql).run(...values).lastInsertRowid);
  }

  end(): void {
    for (const connection of [...this.#all, this.#writer]) connection.close();
  }
}

/** What `onStart` gives to the tools. */
interface Services {
  readonly pool: Pool;
}

export const onStart = (): Services => ({
  pool: new Pool(Deno.env.get("SHOP_DATABASE") ?? "shop.db"),
});

export const onStop = ({ pool }: Services): void => pool.end();

export const query = defineTool({
  name: "query",
  description: "Answers a question with one SELECT statement; the rows come as JSON",
  input: z.object({ sql: z.string().describe("A SELECT statement of SQLite") }),
  output: z.object({ rows: z.array(z.record(z.string(), z.unknown())), isComplete: z.boolean() }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  timeoutMs: 10_000,
  run: ({ sql }, { app }: ToolContext<Services>) =>
    app.pool.read((connection) => {
      try {
        const rows = firstRows(connection, sql);
        return { rows: rows.slice(0, MAX_ROWS), isComplete: rows.length <= MAX_ROWS };
      } catch (error) {
        // What SQLite says about a statement helps the model to mend it.
        throw new ToolError(error instanceof Error ? error.message : String(error));
      }
    }),
});

export const addOrder = defineTool({
  name: "add_order",
  description: "Adds an order",
  input: z.object({ item: z.string().min(1), amount: z.int().min(1) }),
  output: z.object({ id: z.number() }),
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  run: ({ item, amount }, { app }: ToolContext<Services>) => ({
    id: app.pool.write("INSERT INTO orders (item, amount) VALUES (?, ?)", item, amount),
  }),
});

export const schema = defineResourceTemplate({
  uriTemplate: "shop://tables/{name}",
  name: "schema",
  description: "The columns of a table",
  mimeType: "application/sql",
  complete: { name: (typed) => ["orders"].filter((name) => name.startsWith(typed)) },
  read: ({ name }, { app }: ToolContext<Services>) =>
    app.pool.read((connection) => {
      const row = connection.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(name);
      if (row === undefined) throw new ToolError(`There is no table ${name}`);
      return String(row.sql);
    }),
});

/**
 * One row more than is shown, so that it is known whether there are more. As a part of another
 * statement only a SELECT is valid, and it ends at the limit.
 */
function firstRows(connection: DatabaseSync, sql: string): Row[] {
  const select = sql.replace(/;\s*$/, "");
  const rows = connection.prepare(`SELECT * FROM (${select}) LIMIT ${MAX_ROWS + 1}`).all();
  return rows.map((row) => ({ ...row }));
}
