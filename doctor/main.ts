/**
 * The entry of `deno task doctor`.
 *
 * @module
 */
import { runDoctor } from "./cli.ts";

const ENCODER = new TextEncoder();

function writeTo(stream: typeof Deno.stdout | typeof Deno.stderr): (text: string) => void {
  return (text) => {
    const bytes = ENCODER.encode(`${text}\n`);
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  };
}

if (import.meta.main) {
  Deno.exit(
    await runDoctor(Deno.args, { print: writeTo(Deno.stdout), tell: writeTo(Deno.stderr) }),
  );
}
