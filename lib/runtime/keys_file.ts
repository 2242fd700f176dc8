/**
 * The file of static keys (`MCP_AUTH_KEYS_FILE`), read again when it changes.
 *
 * @module
 */
import { parseKeys, StaticKeys } from "../auth/static_keys.ts";
import { ConfigError, messageOf } from "../base/errors.ts";
import { logFor } from "../base/log.ts";
import { requireRegularFile } from "./files.ts";

/** Time between two checks of the file (ms). A watcher would miss a file that replaces it. */
const POLL_MS = 1_000;
/** More than any list of keys has. */
const MAX_BYTES = 16_777_216;

const log = logFor("auth");

/** A file that may change. */
export interface ChangingFile {
  readonly path: string;
  /** A text that changes with the file. */
  version(): Promise<string>;
  text(): Promise<string>;
}

/** A file of the file system. */
export function fileAt(path: string): ChangingFile {
  return {
    path,
    version: async () => {
      const info = await Deno.stat(path);
      requireRegularFile(info);
      const { mtime, size, ino } = info;
      if (size > MAX_BYTES) throw new Error(`The file has more than ${MAX_BYTES} bytes`);
      return `${mtime?.getTime()} ${size} ${ino}`;
    },
    text: () => Deno.readTextFile(path),
  };
}

/** The file of static keys, read again when it changes. */
export class KeysFile {
  readonly keys: StaticKeys;
  readonly #file: ChangingFile;
  #version: string;
  #lastFault: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(file: ChangingFile, version: string, keys: StaticKeys) {
    this.#file = file;
    this.#version = version;
    this.keys = keys;
  }

  /**
   * Reads the file.
   *
   * @throws {ConfigError} when it cannot be read or holds something else than keys
   */
  static async open(file: ChangingFile): Promise<KeysFile> {
    try {
      const version = await file.version();
      return new KeysFile(file, version, new StaticKeys(parseKeys(await file.text())));
    } catch (error) {
      throw new ConfigError(`MCP_AUTH_KEYS_FILE=${file.path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Looks at the file from now on; does not keep the process alive. */
  watch(): void {
    this.#timer = setInterval(() => void this.refresh(), POLL_MS);
    Deno.unrefTimer(this.#timer);
  }

  /** Ends {@linkcode watch}. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reads the file again if it has changed. An invalid file leaves the keys unchanged. */
  async refresh(): Promise<void> {
    try {
      const version = await this.#file.version();
      if (version === this.#version) return;
      this.#version = version;
      this.keys.replace(parseKeys(await this.#file.text()));
      this.#lastFault = undefined;
      log.info("Static keys read again", { path: this.#file.path, keys: this.keys.size });
    } catch (error) {
      const fault = messageOf(error);
      if (fault === this.#lastFault) return;
      this.#lastFault = fault;
      log.error("Static keys cannot be read; the previous keys stay in force", {
        path: this.#file.path,
        error: fault,
      });
    }
  }
}
