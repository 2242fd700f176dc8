/** Values of authors that JSON cannot hold, or holds only when changed. */
import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError, RegistrationError } from "../../lib/base/errors.ts";
import {
  fitForJson,
  requireJson,
  requireJsonValue,
  withJsonData,
} from "../../lib/registry/json_fit.ts";
import { JsonValueError } from "../../lib/wire/json_value.ts";
import { CapturedLog } from "../helpers/log.ts";

const half = "a\ud83d";
const unfit = { a: [1n] };

Deno.test("a returned value that JSON cannot hold is an error that names the tool and the member", () => {
  assertEquals(fitForJson({ a: half }, "", "Tool add returned"), { a: "a\ufffd" });
  const error = assertThrows(
    () => fitForJson(unfit, "structuredContent", "Tool add returned"),
    TypeError,
    "Tool add returned what JSON cannot hold: structuredContent.a[0] is a BigInt",
  );
  assertEquals([error.name, error.cause instanceof JsonValueError], ["TypeError", true]);
});

Deno.test("a definition that JSON cannot hold is refused with its owner and the member", () => {
  assertEquals(requireJson({ a: half }, "it"), { a: "a\ufffd" });
  const { message } = assertThrows(() => requireJson(unfit, 'tool "add"'), RegistrationError);
  assertEquals(
    message,
    'Cannot serve tool "add": its definition contains a value that JSON cannot hold: ' +
      "a[0] is a BigInt",
  );
});

Deno.test("a result that JSON cannot hold is an internal error, which keeps what a getter threw from the client", () => {
  using log = new CapturedLog();
  const hostile = {
    get a() {
      throw new Error("secret");
    },
  };
  const error = assertThrows(
    () => requireJsonValue(hostile, "contents", "Resource x://a"),
    ProtocolError,
  );
  const message =
    "Resource x://a returned what JSON cannot hold: contents.a threw when it was read";
  assertEquals([error.kind, error.message], ["internal_error", message]);
  const [line] = log.of("Wrong return value");
  assertEquals([line?.level, line?.fields.error], ["ERROR", message]);
  assertEquals(String(line?.fields.stack).includes("secret"), true);
});

const OPTIONS = [
  {},
  { id: 7 },
  { headers: { "retry-after": "1" } },
  { code: -32099 },
  { cause: new Error("why") },
  { id: 0, headers: {}, code: 0, cause: undefined },
];

for (const options of OPTIONS) {
  const { ...names } = options;
  Deno.test(`an error with ${Object.keys(names)} keeps them, whatever its data`, () => {
    using log = new CapturedLog();
    const error = (data: unknown) => new ProtocolError("overloaded", "Busy", { ...options, data });
    const partsOf = ({ kind, message, id, headers, code, cause, data }: ProtocolError) => ({
      ...{ kind, message, id, headers, code, cause, data },
    });
    for (const fit of [error(undefined), error(null), error({ a: 1 }), error("a")]) {
      assertEquals(withJsonData(fit, "it") === fit, true);
    }
    const changed = withJsonData(error({ a: half }), "it");
    assertEquals(partsOf(changed), partsOf(error({ a: "a\ufffd" })));
    assertEquals(log.lines, []);
    assertEquals(partsOf(withJsonData(error(unfit), 'tool "add"')), partsOf(error(undefined)));
    const [line] = log.of("Data of an error cannot be written as JSON");
    assertEquals([line?.level, line?.fields.owner], ["WARNING", 'tool "add"']);
  });
}
