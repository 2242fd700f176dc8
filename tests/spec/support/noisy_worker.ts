/** A worker that writes to stdout, which belongs to the protocol. */
const worker = self as unknown as Worker;
// deno-lint-ignore no-console -- what this worker is for
console.log("NOISE worker console");
Deno.stdout.writeSync(new TextEncoder().encode("NOISE worker stdout\n"));
worker.onmessage = ({ data }) => {
  // deno-lint-ignore no-console -- as above
  console.info("NOISE worker message");
  worker.postMessage(`heard ${data}`);
};
