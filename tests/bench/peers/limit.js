// The limit: Deno.serve that parses the JSON and answers. No MCP, no guard, no limit.
// `PUT /bytes` stores a body that `POST /bytes` then answers with.
// deno-lint-ignore-file no-console -- a peer is no part of the project
let bytes = "";

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.error(`http://127.0.0.1:${port}`),
}, async (request) => {
  if (request.method === "PUT") {
    bytes = await request.text();
    return new Response(null, { status: 204 });
  }
  const { id, params } = await request.json();
  if (request.url.endsWith("/bytes")) {
    return new Response(bytes, { headers: { "content-type": "application/json" } });
  }
  const text = params?.arguments?.message ?? "";
  return Response.json({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } });
});
