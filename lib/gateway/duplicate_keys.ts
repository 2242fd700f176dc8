/** A key that an object has twice. `JSON.parse` keeps the last one and says nothing. */
export interface DuplicateKey {
  /** The keys of the objects around it, from the outside. */
  readonly path: readonly string[];
  readonly key: string;
  /** The lines of both keys. */
  readonly lines: readonly [number, number];
}

const TOKEN_REGEXP = /"(?:[^"\\]|\\.)*"|[{}[\],:\n]/g;

/** An object or a list around the current token. */
interface Level {
  /** The lines of the keys so far; undefined in a list. */
  readonly keys: Map<string, number> | undefined;
  /** The latest key. */
  key: string | undefined;
}

/**
 * Finds the keys that an object has twice.
 *
 * @param text JSON that can be parsed
 */
export function duplicateKeys(text: string): readonly DuplicateKey[] {
  const found: DuplicateKey[] = [];
  const levels: Level[] = [];
  let line = 1;
  let last: string | undefined;
  for (const [token] of text.matchAll(TOKEN_REGEXP)) {
    const level = levels.at(-1);
    if (token === "\n") line++;
    else if (token === "{") levels.push({ keys: new Map(), key: undefined });
    else if (token === "[") levels.push({ keys: undefined, key: undefined });
    else if (token === "}" || token === "]") levels.pop();
    else if (token === ":" && level?.keys !== undefined && last !== undefined) {
      const key: string = JSON.parse(last);
      const first = level.keys.get(key);
      if (first !== undefined) {
        const path = levels.slice(0, -1).flatMap((one) => one.key ?? []);
        found.push({ path, key, lines: [first, line] });
      }
      level.keys.set(key, line);
      level.key = key;
    }
    if (token.startsWith('"')) last = token;
  }
  return found;
}
