/**
 * Files that settings name. A path may lead to anything, and a start must end with a reason even if
 * it leads to a pipe that nobody writes into.
 *
 * @module
 */
import { nodeFs } from "../base/node.ts";

/** Time for the writer of a pipe to write (ms). */
const PIPE_MS = 5_000;
/** Time between two looks into a pipe (ms). */
const LOOK_MS = 10;

/**
 * Reads a file, which may be a pipe, as in `MCP_ADMIN_TOKEN_FILE=<(pass show lifeline)`. It blocks
 * the process, so it is for the start only.
 *
 * @throws {Error} if it cannot be read, has more bytes, or is a pipe into which nobody writes in time
 */
export function readUpTo(path: string, maxBytes: number, pipeMs = PIPE_MS): Uint8Array {
  const { isFile, isDirectory } = Deno.statSync(path);
  if (isDirectory) throw new Error("It is a folder; name a file");
  const bytes = new Uint8Array(maxBytes + 1);
  let size = 0;
  using source = isFile ? openFile(path) : openPipe(path, pipeMs);
  for (let read = source.read(bytes); read > 0; read = source.read(bytes.subarray(size))) {
    size += read;
    if (size > maxBytes) throw new Error(`The file has more than ${maxBytes} bytes`);
  }
  return bytes.subarray(0, size);
}

/** @throws {Error} if the path leads to something else than a regular file */
export function requireRegularFile({ isFile, isDirectory }: Deno.FileInfo): void {
  if (isFile) return;
  const what = isDirectory ? "a folder" : "a pipe or device";
  throw new Error(`It is ${what}; name a regular file, because it is read more than once`);
}

/** Something to read from; 0 bytes at the end. */
interface Source extends Disposable {
  read(into: Uint8Array): number;
}

function openFile(path: string): Source {
  const file = Deno.openSync(path);
  return {
    read: (into) => file.readSync(into) ?? 0,
    [Symbol.dispose]: () => file.close(),
  };
}

/** Opens without waiting for a writer, because nothing could end that wait, not even a signal. */
function openPipe(path: string, pipeMs: number): Source {
  const { openSync, readSync, closeSync, constants } = nodeFs();
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const until = performance.now() + pipeMs;
  let hasBegun = false;
  return {
    read: (into) => {
      for (;;) {
        const read = readNow(() => readSync(file, into));
        // A pipe without a writer is at its end, before the writer has come too.
        if (read !== undefined && (read > 0 || hasBegun)) {
          hasBegun = true;
          return read;
        }
        if (performance.now() >= until) throw new Error(lateWriter(hasBegun, pipeMs));
        sleep(LOOK_MS);
      }
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

function lateWriter(hasBegun: boolean, pipeMs: number): string {
  return hasBegun
    ? `It is a pipe whose writer did not close it within ${pipeMs} ms`
    : `It is a pipe or device from which nothing came within ${pipeMs} ms; name a regular file, or ` +
      "start its writer first";
}

/** The number of bytes; undefined if nothing is there yet. */
function readNow(read: () => number): number | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return undefined;
    throw error;
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
