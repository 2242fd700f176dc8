import { ProtocolError } from "../base/errors.ts";
import { isObject, type JsonObject } from "../wire/json_rpc.ts";
import type { Method } from "./method_table.ts";

/** `tools/list`, with cursor pagination (2025-11-25, server/tools and utilities/pagination). */
export const listTools: Method = ({ cursor }, _call, { catalog, pageSize }) => {
  const { items, nextCursor } = catalog.tools.page(cursor, pageSize);
  return {
    tools: items.map((tool) => tool.listing),
    ...(nextCursor !== undefined && { nextCursor }),
  };
};

/** `tools/call` (2025-11-25, server/tools). */
export const callTool: Method = (params, call, { catalog }) => {
  const { name, arguments: args } = params;
  if (typeof name !== "string") {
    throw new ProtocolError(
      "invalid_params",
      'Invalid params: "name" must be the name of a tool',
    );
  }
  const tool = catalog.tools.get(name);
  if (tool === undefined) {
    throw new ProtocolError(
      "invalid_params",
      `Unknown tool: ${name.slice(0, 200)}`,
    );
  }
  return tool.call(checkedArguments(args), call);
};

function checkedArguments(args: unknown): JsonObject | undefined {
  if (args === undefined || isObject(args)) return args;
  throw new ProtocolError(
    "invalid_params",
    'Invalid params: "arguments" must be an object',
  );
}
