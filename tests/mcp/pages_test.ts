/** Lists in pages. */
import { assertEquals } from "@std/assert";
import type { McpServer } from "../../lib/mcp/server.ts";
import { Catalog } from "../../lib/registry/catalog.ts";
import { defineTool } from "../../lib/registry/tool.ts";
import { testScope, testServer } from "../helpers/scope.ts";

interface Page {
  readonly tools: readonly { readonly name: string }[];
  readonly nextCursor?: string;
}

async function pageOf(server: McpServer, cursor: string | undefined): Promise<Page> {
  const params = cursor === undefined ? {} : { cursor };
  const request = { jsonrpc: "2.0", id: 1, method: "tools/list", params } as const;
  const response = await server.dispatch(request, testScope(), server.sessionless);
  return JSON.parse(JSON.stringify(response)).result;
}

Deno.test("a list comes in pages of the set size, and only the last has no cursor", async () => {
  const tools = ["a", "b", "c", "d"].map((name) =>
    defineTool({ name, description: "", run: () => "" })
  );
  for (
    const [size, pages] of [[2, [["a", "b"], ["c", "d"]]], [3, [["a", "b", "c"], ["d"]]], [4, [[
      "a",
      "b",
      "c",
      "d",
    ]]]] as const
  ) {
    const server = testServer({
      catalog: new Catalog({ tools }),
      settings: {
        MCP_PAGE_SIZE: size,
        MCP_REQUEST_TIMEOUT_MS: 1_000,
        MCP_MAX_REQUESTS_PER_CONNECTION: 10,
        MCP_MAX_CONNECTIONS: 10,
        MCP_MAX_CONNECTIONS_PER_CLIENT: 10,
      },
    });
    const seen: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await pageOf(server, cursor);
      assertEquals("nextCursor" in page, page.nextCursor !== undefined);
      seen.push(page.tools.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assertEquals(seen, pages.map((names) => [...names]));
  }
});
