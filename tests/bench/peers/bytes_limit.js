// The limit of a long answer: parses the JSON, and answers with its first argument, as a text: Deno
// takes twice as long for the same as bytes.
// deno-lint-ignore-file no-console -- a peer is no part of the project
const text = Deno.args[0];
const headers = { "content-type": "application/json" };

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.error(`http://127.0.0.1:${port}`),
}, async (request) => {
  await request.json();
  return new Response(text, { headers });
});
