/** What a call tells where the messages of errors are hidden from clients, and what the log keeps. */
import { assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import { defineTool, type Tool, type ToolContext, ToolError } from "../../lib/mod.ts";
import { maskedText, newReference } from "../../lib/registry/masking.ts";
import { validate } from "../../lib/registry/validation.ts";
import { CapturedLog } from "../helpers/log.ts";

const SECRET = "password of db.internal is hunter2";
const fail = (): never => {
  throw new Error(SECRET);
};
const base = { name: "subject", description: "Does what the test says", run: () => "" };
const failing = { ...base, run: fail };
const checking = { ...base, input: z.object({ a: z.string().default("a").transform(fail) }) };
const mistyped = {
  ...base,
  output: z.object({ a: z.literal(SECRET) }),
  run: () => ({ a: "b" as typeof SECRET }),
};

async function call(tool: Tool, masksErrors?: boolean) {
  const { isError, content } = await tool.call({}, {} as ToolContext, masksErrors);
  assertEquals([isError, content.length], [true, 1]);
  const [block] = content;
  return block?.type === "text" ? block.text : "";
}

for (
  const [what, tool, event, level, masked] of [
    ["that a tool throws", defineTool(failing), "Tool failed", "WARNING", "Tool subject failed"],
    [
      "that a check throws",
      defineTool(checking),
      "Schema threw",
      "WARNING",
      "Invalid arguments for tool subject: a check failed",
    ],
    [
      "of an output schema",
      defineTool(mistyped),
      "Tool output does not match its schema",
      "ERROR",
      "Tool subject returned what does not match its output schema",
    ],
  ] as const
) {
  Deno.test(`an error ${what} is masked by a reference of 8 digits, which one log line has too`, async () => {
    using log = new CapturedLog();
    const text = await call(tool, true);
    const [, reference = ""] = /\(reference ([0-9a-f]{8})\)$/.exec(text) ?? [];
    assertEquals(text, maskedText(masked, reference));
    const [line, ...more] = log.parsed();
    assertEquals(more, []);
    assertEquals([line?.message, line?.level, line?.fields.reference], [event, level, reference]);
    assertMatch(String(line?.fields.error), new RegExp(SECRET));
  });

  Deno.test(`an error ${what} is told to the client where errors are not masked, and logged`, async () => {
    using log = new CapturedLog();
    assertMatch(await call(tool), new RegExp(SECRET));
    assertMatch(await call(tool, false), new RegExp(SECRET));
    assertEquals(log.messages(), [event, event]);
    assertEquals(log.parsed().map(({ fields }) => "reference" in fields), [false, false]);
  });
}

Deno.test("what a check throws for the client is told even if errors are masked", async () => {
  using log = new CapturedLog();
  const meant = z.string().transform(() => {
    throw new ToolError("Try tomorrow");
  });
  for (const isMasked of [true, false]) {
    assertEquals(await validate(meant, "x", isMasked), {
      ok: false,
      errors: ["Try tomorrow"],
      isMeant: true,
    });
  }
  assertEquals(log.messages(), ["Schema threw", "Schema threw"]);
  const own = z.string().transform(fail);
  assertEquals(await validate(own, "x"), { ok: false, errors: [SECRET], isMeant: false });
});

Deno.test("a masked text tells what failed, and where its reason is", () => {
  assertEquals(
    maskedText("Tool a failed", "12345678"),
    "Tool a failed; the log of the server says why (reference 12345678)",
  );
});

Deno.test("a reference has 8 hexadecimal digits, and is a new one each time", () => {
  const references = Array.from({ length: 20 }, newReference);
  for (const reference of references) assertMatch(reference, /^[0-9a-f]{8}$/);
  assertEquals(new Set(references).size, 20);
});
