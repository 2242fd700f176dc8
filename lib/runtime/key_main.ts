/**
 * `deno task key NAME`: makes a static key, prints it once, and prints what to write into the file
 * of keys.
 *
 * @module
 */
import { type KeyRights, makeKey } from "../auth/make_key.ts";
import { StaticKeys } from "../auth/static_keys.ts";
import { messageOf } from "../base/errors.ts";

const USAGE = "Usage: deno task key NAME [--scopes=notes:read,notes:write] [--expires=2027-01-31]";

/**
 * Parses the command line.
 *
 * @throws {Error} when it cannot be understood
 */
function readArgs(args: readonly string[]): { readonly name: string; readonly rights: KeyRights } {
  const names = args.filter((arg) => !arg.startsWith("-"));
  const flags = new Map(
    args.filter((arg) => arg.startsWith("-")).map((arg) => {
      const [name = "", ...rest] = arg.split("=");
      return [name, rest.join("=")];
    }),
  );
  const unknown = [...flags.keys()].find((flag) => flag !== "--scopes" && flag !== "--expires");
  const [name] = names;
  if (name === undefined || names.length > 1 || unknown !== undefined) throw new Error(USAGE);
  const scopes = flags.get("--scopes")?.split(",").filter((scope) => scope !== "");
  const expires = flags.get("--expires");
  return {
    name,
    rights: { ...(scopes !== undefined && { scopes }), ...(expires !== undefined && { expires }) },
  };
}

function print(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  stream.writeSync(new TextEncoder().encode(text));
}

try {
  const { name, rights } = readArgs(Deno.args);
  const { key, entry } = makeKey(name, rights);
  // Refuses a key that the server would refuse.
  new StaticKeys([entry]);
  print(Deno.stderr, "The key, which is shown this once; give it to the client:\n\n");
  print(Deno.stdout, `${key}\n`);
  print(Deno.stderr, `\nInto the list of MCP_AUTH_KEYS_FILE:\n\n${JSON.stringify(entry)}\n`);
} catch (error) {
  print(Deno.stderr, `${messageOf(error)}\n`);
  Deno.exitCode = 1;
}
