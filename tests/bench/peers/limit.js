// The limit: Deno.serve that parses the JSON and answers. No MCP, no guard, no limit.
// deno-lint-ignore-file no-console -- a peer is no part of the project
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.error(`http://127.0.0.1:${port}`),
}, async (request) => {
  const { id, params } = await request.json();
  const text = params?.arguments?.message ?? "";
  return Response.json({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } });
});
