/** The keys of `_meta` that authors and clients own, apart from those of the protocol. */
import { assertEquals } from "@std/assert";
import { metaMember, metaOf, ownMeta } from "../../lib/wire/meta.ts";
import { isRated } from "../../lib/wire/methods.ts";

for (const params of [undefined, {}, { _meta: null }, { _meta: [] }, { _meta: "a" }]) {
  Deno.test(`${JSON.stringify(params)} has no \`_meta\``, () => {
    assertEquals([metaOf(params), ownMeta(params), metaMember(params)], [undefined, {}, {}]);
  });
}

for (
  const [meta, own] of [
    [{}, {}],
    [{ progressToken: 1 }, {}],
    [{ "io.modelcontextprotocol/logLevel": "info", progressToken: 1 }, {}],
    [{ "io.modelcontextprotocol/logLevel": "info", "acme.test/a": 1 }, { "acme.test/a": 1 }],
    [{ trace: null, progressTokens: 1, "io.modelcontextprotocol": 2 }, {
      trace: null,
      progressTokens: 1,
      "io.modelcontextprotocol": 2,
    }],
  ] as const
) {
  Deno.test(`of \`_meta\` ${JSON.stringify(meta)} the own keys are ${JSON.stringify(own)}`, () => {
    const params = { _meta: meta };
    assertEquals([metaOf(params), ownMeta(params)], [meta, own]);
    assertEquals(metaMember(params), Object.keys(own).length > 0 ? { _meta: own } : {});
  });
}

for (
  const [message, expected] of [
    [{ method: "tools/call" }, true],
    [{ method: "completion/complete" }, true],
    [{ method: "tools/list" }, false],
    [{ method: "ping" }, false],
    [{}, false],
    [[{ method: "tools/call" }], false],
    ["tools/call", false],
    [null, false],
  ] as const
) {
  Deno.test(`${JSON.stringify(message)} ${expected ? "counts" : "does not count"} for the rate of calls`, () => {
    assertEquals(isRated(message), expected);
  });
}
