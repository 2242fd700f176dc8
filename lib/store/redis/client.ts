/**
 * The package that speaks with Redis. Only a server with such a store fetches it, so the import map
 * and `deno.lock` do not name it; the lock file beside this file does.
 *
 * @module
 */
import { ConfigError, messageOf } from "../../base/errors.ts";

type RedisClientPackage = typeof import("npm:@redis/client@6.3.1");
// Deno fetches what `import()` of a literal names before the program begins.
const PACKAGE: string = "npm:@redis/client@6.3.1";

/**
 * Loads the package.
 *
 * @throws {ConfigError} when the lock file does not name it, or it cannot be fetched
 */
export async function loadRedisClient(): Promise<RedisClientPackage> {
  try {
    return await import(PACKAGE);
  } catch (error) {
    throw new ConfigError(
      `MCP_STORE=redis: needs the package ${PACKAGE}. Start with \`deno task start:redis\`, or add ` +
        `--lock=lib/store/redis/deno.lock to the command. The reason: ${firstLineOf(error)}`,
    );
  }
}

/** The reason, without the changes that Deno would make to the lock file. */
function firstLineOf(error: unknown): string {
  return messageOf(error).split("\n", 1)[0] ?? "";
}
