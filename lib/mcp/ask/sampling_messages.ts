import type { CreateMessageRequestParams } from "../../wire/mcp_types.ts";

type Message = CreateMessageRequestParams["messages"][number];
type Block = Extract<Message["content"], readonly unknown[]>[number];

/**
 * Refuses a conversation in which tool uses and their results do not belong together: model
 * providers take each result in the very next message, and there nothing but results
 * (2025-11-25, client/sampling, Tool Use and Result Balance).
 *
 * @throws {TypeError} naming the message at fault
 */
export function requireBalancedTools(messages: readonly Message[]): void {
  let open = new Set<string>();
  for (const [index, { role, content }] of messages.entries()) {
    const blocks: readonly Block[] = Array.isArray(content) ? content : [content as Block];
    const results = blocks.filter((block) => block.type === "tool_result");
    if (results.length > 0 && (role !== "user" || results.length < blocks.length)) {
      throw wrong(index, "tool results stand alone, in a message of the user");
    }
    const answered = new Set(results.map(({ toolUseId }) => toolUseId));
    if (open.symmetricDifference(answered).size > 0) {
      throw wrong(index, "it must answer each tool use of the message before, and no other");
    }
    open = new Set(blocks.filter((block) => block.type === "tool_use").map(({ id }) => id));
  }
  if (open.size > 0) throw wrong(messages.length - 1, "its tool uses have no results");
}

function wrong(index: number, why: string): TypeError {
  return new TypeError(`Cannot sample: messages[${index}] is wrong: ${why}`);
}
