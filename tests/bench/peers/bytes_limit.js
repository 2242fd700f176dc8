// The limit of a long answer: parses the JSON, and answers with the bytes of its first argument.
// deno-lint-ignore-file no-console -- a peer is no part of the project
const bytes = new TextEncoder().encode(Deno.args[0]);
const headers = { "content-type": "application/json" };

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.error(`http://127.0.0.1:${port}`),
}, async (request) => {
  await request.json();
  return new Response(bytes, { headers });
});
