/** Questions to a client: what is asked, what it needs for it, and which answers are taken. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import * as z from "zod";
import { ToolError } from "../../lib/base/errors.ts";
import {
  capabilityName,
  elicitThrough,
  type Question,
  rootsThrough,
  sampleThrough,
  supports,
} from "../../lib/mcp/ask/questions.ts";

/** A client that gives one answer, and the questions that it got. */
function client(answer: unknown) {
  const asked: Question[] = [];
  const ask = (question: Question) => {
    asked.push(question);
    return Promise.resolve(answer);
  };
  return { asked, ask };
}

Deno.test("a client supports what it declared, and forms if it says no more than elicitation", () => {
  const [form, url] = [{ elicitation: { form: {} } }, { elicitation: { url: {} } }];
  for (
    const [declared, required, expected] of [
      [{}, {}, true],
      [{}, { roots: {} }, false],
      [{ roots: {} }, { roots: {} }, true],
      [{ roots: {} }, { sampling: {} }, false],
      [{ sampling: {} }, { sampling: { tools: {} } }, false],
      [{ sampling: { tools: {} } }, { sampling: { tools: {} } }, true],
      [{ sampling: { tools: {} } }, { sampling: {} }, true],
      [{ elicitation: {} }, form, true],
      [{ elicitation: {} }, url, false],
      [{ elicitation: { url: {} } }, form, false],
      [{ elicitation: { url: {} } }, url, true],
      [form, form, true],
      [form, url, false],
      [{ elicitation: true }, form, false],
    ] as const
  ) {
    assertEquals(
      supports(declared as never, required),
      expected,
      JSON.stringify([declared, required]),
    );
  }
});

Deno.test("a capability is named as people write it", () => {
  assertEquals(
    [{}, { roots: {} }, { elicitation: { url: {} } }, { sampling: { tools: {} } }].map((required) =>
      capabilityName(required)
    ),
    ["", "roots", "elicitation.url", "sampling.tools"],
  );
});

const SCHEMA = z.object({ name: z.string() });
const FORM = { message: "Name?", schema: SCHEMA };

Deno.test("a form is asked with its schema, its key and its message as well-formed text", async () => {
  const { asked, ask } = client({ action: "decline", content: { name: "Ada" } });
  const elicit = elicitThrough(ask, false);
  assertEquals(await elicit({ ...FORM, message: "Name? \ud83d", key: "k" }), { action: "decline" });
  assertEquals(asked, [{
    method: "elicitation/create",
    params: {
      mode: "form",
      message: "Name? \ufffd",
      requestedSchema: {
        type: "object",
        properties: { name: { type: "string" } },
        required: ["name"],
      },
    },
    requires: { elicitation: { form: {} } },
    key: "k",
  }]);
  const wrong = { ...FORM, message: 1 as unknown as string };
  await assertRejects(() => elicit(wrong), TypeError, "the message must be a string");
  assertEquals(asked.length, 1);
});

for (
  const [answer, expected] of [
    [{ action: "accept", content: { name: "Ada" } }, {
      action: "accept",
      content: { name: "Ada" },
    }],
    [{ action: "cancel" }, { action: "cancel" }],
    [{ action: "decline" }, { action: "decline" }],
    [
      { action: "accept", content: { name: 1 } },
      /^Client answered elicitation\/create wrongly: .*name/,
    ],
    [{ action: "accept" }, /wrongly: .*name/],
    [{ action: "yes" }, /wrongly: "action" must be accept, decline or cancel$/],
    [{}, /"action" must be/],
    [null, /"action" must be/],
    ["accept", /"action" must be/],
  ] as const
) {
  Deno.test(`the answer ${JSON.stringify(answer)} to a form is ${expected instanceof RegExp ? "refused" : "taken"}`, async () => {
    const elicit = elicitThrough(client(answer).ask, false);
    if (!(expected instanceof RegExp)) return assertEquals(await elicit(FORM), expected as never);
    const { message } = await assertRejects(() => elicit(FORM), ToolError);
    assertMatch(message, expected);
  });
}

Deno.test("an answer to a form as JSON Schema is checked, and given back as it came", async () => {
  const requestedSchema = {
    type: "object",
    properties: {
      age: { type: "integer", minimum: 1, default: 7 },
      mail: { type: "string", format: "email" },
    },
    required: ["mail"],
  } as const;
  const question = { message: "Age?", requestedSchema } as const;
  const answered = async (content: unknown) =>
    await elicitThrough(client({ action: "accept", content }).ask, false)(question as never);
  const content = { mail: "no mail", other: 1 };
  assertEquals(await answered(content), { action: "accept", content } as never);
  await assertRejects(() => answered({ mail: "a", age: 0 }), ToolError, "age");
  await assertRejects(() => answered({}), ToolError, "mail");
});

Deno.test("a URL is asked with an id of its own, and its answer has no content", async () => {
  const question = { message: "Pay", url: "https://example.com/pay", key: "k" };
  const { asked, ask } = client({ action: "accept", content: { a: 1 } });
  const elicit = elicitThrough(ask, false);
  assertEquals(await elicit(question), { action: "accept", content: undefined });
  await elicit(question);
  const [first, second] = asked.map(({ params }) => params.elicitationId);
  assertMatch(String(first), /^elicit_[0-9a-f]{32}$/);
  assertEquals([first === second, asked[0]], [false, {
    method: "elicitation/create",
    params: { mode: "url", message: "Pay", url: question.url, elicitationId: first },
    requires: { elicitation: { url: {} } },
    key: "k",
  }]);
  const declined = elicitThrough(client({ action: "decline" }).ask, false);
  assertEquals(Object.entries(await declined(question)), [["action", "decline"]]);
  const { message } = await assertRejects(() => elicit({ message: "Pay", url: "/pay" }), TypeError);
  assertEquals(message, 'Invalid URL for elicitation: "/pay" is not an absolute URL');
  assertEquals(asked.length, 2);
});

const MESSAGES = [{ role: "user", content: { type: "text", text: "Hi" } }] as const;
const PARAMS = { messages: [...MESSAGES], maxTokens: 10 };

Deno.test("sampling needs the capability for tools only where it uses them", async () => {
  const answer = { role: "assistant", model: "m", content: { type: "text", text: "Ho" } };
  const { asked, ask } = client(answer);
  const sample = sampleThrough(ask);
  assertEquals(await sample(PARAMS), answer as never);
  await sample({ ...PARAMS, tools: [] }, { key: "k" });
  await sample({ ...PARAMS, toolChoice: { mode: "none" } });
  assertEquals(asked.map(({ requires, key }) => [requires, key]), [
    [{ sampling: {} }, undefined],
    [{ sampling: { tools: {} } }, "k"],
    [{ sampling: { tools: {} } }, undefined],
  ]);
  assertEquals([asked[0]?.method, asked[0]?.params], ["sampling/createMessage", PARAMS]);
  const wrong = { ...PARAMS, metadata: { size: 1n as unknown as number } };
  await assertRejects(() => sample(wrong), TypeError, "Cannot sample with");
});

Deno.test("a sampled message has a model and content, and roots are a list", async () => {
  for (const answer of [null, {}, { model: "m" }, { content: {} }, { model: 1, content: {} }]) {
    const { message } = await assertRejects(
      () => sampleThrough(client(answer).ask)(PARAMS),
      ToolError,
    );
    assertEquals(
      message,
      'Client answered sampling/createMessage wrongly: it needs "role", "content" and "model"',
    );
  }
  const { asked, ask } = client({ roots: [{ uri: "file:///a" }] });
  assertEquals(await rootsThrough(ask)({ key: "k" }), [{ uri: "file:///a" }]);
  await rootsThrough(ask)();
  const question = { method: "roots/list", params: {}, requires: { roots: {} } } as const;
  assertEquals(asked, [{ ...question, key: "k" }, { ...question, key: undefined }]);
  for (const answer of [null, {}, { roots: {} }, []]) {
    const { message } = await assertRejects(() => rootsThrough(client(answer).ask)(), ToolError);
    assertEquals(message, 'Client answered roots/list wrongly: it needs a list "roots"');
  }
});
