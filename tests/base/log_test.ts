import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "../deps/fast_check.ts";
import { configureLog, LOG_LEVELS, logFor, type LogLine, resetLog } from "../../lib/base/log.ts";
import { CapturedLog } from "../helpers/log.ts";
import { FakeTime, START } from "../helpers/time.ts";

Deno.test("a text line begins with its time, and a library user gets its parts", () => {
  using _time = new FakeTime();
  const lines: LogLine[] = [];
  configureLog({ level: "info", write: (line) => void lines.push(line) });
  logFor("stream").info("Ping failed", { failures: 2 });
  resetLog();
  const [line] = lines;
  const time = new Date(START).toISOString();
  assertEquals(lines.map(String), [`${time} [INFO] Ping failed {"failures":2}`]);
  assertEquals([line?.timestamp, line?.area, line?.level, line?.message, line?.fields], [
    START,
    "stream",
    "info",
    "Ping failed",
    { failures: 2 },
  ]);
});

Deno.test("a text line is time, level, message and the fields as JSON", () => {
  using log = new CapturedLog();
  logFor("stream").info("SSE Connection establishing", {
    connection_id: "mcp_sse_1",
    client_ip: "127.0.0.1",
  });
  assertEquals(log.lines, [
    '[INFO] SSE Connection establishing {"connection_id":"mcp_sse_1","client_ip":"127.0.0.1"}',
  ]);
});

Deno.test("a text line without fields has an empty object", () => {
  using log = new CapturedLog();
  logFor("serve").warning("Stopped");
  assertEquals(log.lines, ["[WARNING] Stopped {}"]);
});

Deno.test("a JSON line is one object with timestamp, level, message and the fields", () => {
  using _time = new FakeTime();
  using log = new CapturedLog("debug", "json");
  logFor("stream").debug("Connection aborted detected", { connection_id: "mcp_sse_1" });
  const timestamp = new Date(START).toISOString();
  assertEquals(log.lines, [
    `{"timestamp":"${timestamp}","level":"debug","message":"Connection aborted detected",` +
    '"connection_id":"mcp_sse_1"}',
  ]);
});

Deno.test("`configureLog()` drops what is less urgent than its level", () => {
  for (const [least, level] of LOG_LEVELS.entries()) {
    using log = new CapturedLog(level);
    const logger = logFor("test");
    for (const each of LOG_LEVELS) logger[each]("Line");
    const expected = LOG_LEVELS.slice(least);
    assertEquals(log.parsed().map((line) => line.level.toLowerCase()), expected);
  }
});

Deno.test("`configureLog()` called again replaces the direction", () => {
  using first = new CapturedLog();
  using second = new CapturedLog();
  logFor("test").info("Line");
  assertEquals([first.lines.length, second.lines.length], [0, 1]);
});

Deno.test("without configuration nothing is logged and nothing throws", () => {
  using log = new CapturedLog();
  resetLog();
  logFor("test").error("Line", { a: 1 });
  assertEquals([log.lines, logFor("test").isEnabled("error")], [[], false]);
});

Deno.test("braces in a message are text, not placeholders", () => {
  using log = new CapturedLog();
  logFor("test").info("Tool {name} said {*} and {{braces}}", { name: "add" });
  assertEquals(log.lines, ['[INFO] Tool {name} said {*} and {{braces}} {"name":"add"}']);
});

Deno.test("a line break in a field cannot start a line of its own", () => {
  using log = new CapturedLog();
  logFor("test").info("SSE Connection establishing", { user_agent: "x\r\n[ERROR] forged {}" });
  assertEquals(log.lines.length, 1);
  assertEquals(/[\r\n]/.test(log.lines[0]!), false);
});

Deno.test("property: whatever the fields hold, a line is one line of valid JSON", () => {
  using text = new CapturedLog();
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.anything()), (fields) => {
      text.lines.length = 0;
      logFor("test").info("Line", fields);
      assertEquals(text.lines.length, 1);
      assertMatch(text.lines[0]!, /^\[INFO\] Line \{[^\r\n]*\}$/);
      JSON.parse(text.lines[0]!.slice("[INFO] Line ".length));
    }),
    { numRuns: 40 },
  );
});

for (const format of ["text", "json"] as const) {
  Deno.test(`no log line holds what terminals obey or what ends a line: ${format}`, () => {
    const lines: string[] = [];
    configureLog({ level: "info", format, write: (line) => void lines.push(String(line)) });
    const hostile = [0x07, 0x1b, 0x7f, 0x85, 0x9b, 0x200e, 0x2028, 0x202e, 0x2066, 0xfeff]
      .map((code) => String.fromCodePoint(code)).join("x");
    logFor("stream").info("SSE Connection establishing", { user_agent: hostile, [hostile]: 1 });
    resetLog();
    const [line = ""] = lines;
    // deno-lint-ignore no-control-regex -- it is about them
    assertEquals(/[\x00-\x1f\x7f-\x9f\u200e\u2028\u202e\u2066\ufeff]/.test(line), false, line);
    const fields = JSON.parse(line.slice(line.indexOf("{")));
    assertEquals([fields.user_agent, fields[hostile]], [hostile, 1]);
  });
}

Deno.test("an Error is logged as its message, a bigint as its digits", () => {
  using log = new CapturedLog();
  logFor("test").error("Request failed", { error: new TypeError("broken"), size: 2n ** 64n });
  assertEquals(log.parsed()[0]?.fields, { error: "broken", size: "18446744073709551616" });
});

Deno.test("fields that cannot be written as JSON cost the fields, not the line", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const hostile = {
    toJSON() {
      throw new Error("no");
    },
  };
  for (const fields of [circular, { hostile }]) {
    using text = new CapturedLog();
    logFor("test").warning("Ping failed", fields);
    assertEquals(text.lines, [
      '[WARNING] Ping failed {"log_error":"Fields cannot be written as JSON"}',
    ]);
    using json = new CapturedLog("debug", "json");
    logFor("test").warning("Ping failed", fields);
    const { timestamp, ...line } = JSON.parse(json.lines[0]!);
    assertMatch(timestamp, /^\d{4}-\d\d-\d\dT/);
    assertEquals(line, {
      level: "warning",
      message: "Ping failed",
      log_error: "Fields cannot be written as JSON",
    });
  }
});

Deno.test("a field never takes the place of level, message or timestamp in a JSON line", () => {
  using log = new CapturedLog("debug", "json");
  logFor("test").error("Request failed", { level: "info", message: "all is well", timestamp: 0 });
  const line = JSON.parse(log.lines[0]!);
  assertEquals([line.level, line.message], ["error", "Request failed"]);
  assertMatch(line.timestamp, /^\d{4}-/);
});

for (
  const [format, expected] of [
    ["text", '[INFO] Line {"log_error":"Fields cannot be written as JSON"}'],
    [
      "json",
      `{"timestamp":"${new Date(START).toISOString()}","level":"info","message":"Line",` +
      '"log_error":"Fields cannot be written as JSON"}',
    ],
  ] as const
) {
  Deno.test(`a getter that throws among the fields costs the fields, not the line: ${format}`, () => {
    using _time = new FakeTime();
    using log = new CapturedLog("info", format);
    logFor("test").info("Line", {
      get broken(): string {
        throw new Error("no");
      },
    });
    assertEquals(log.lines, [expected]);
  });
}

Deno.test("a sink that throws does not reach the caller, and later lines are still tried", () => {
  const tried: string[] = [];
  configureLog({
    level: "debug",
    format: "text",
    write: (line) => {
      tried.push(String(line));
      throw new Error("disk full");
    },
  });
  logFor("test").info("First");
  logFor("test").info("Second");
  resetLog();
  assertEquals(tried.length, 2);
  assertStringIncludes(tried[1]!, "Second");
});

Deno.test("a text of a line has a bounded length, however deep it is in the fields", () => {
  for (const format of ["text", "json"] as const) {
    using log = new CapturedLog("debug", format);
    const long = "x".repeat(1_000_000);
    logFor("test").info("Line", {
      whole: "x".repeat(8_192),
      text: long,
      error: new Error(long),
      list: [{ long }],
    });
    const [line = ""] = log.lines;
    assertEquals(line.length < 5 * 8_192, true);
    assertStringIncludes(line, `"whole":"${"x".repeat(8_192)}"`);
    assertStringIncludes(line, "x… (1000000 characters in all)");
  }
});

Deno.test("a text of more than 8,192 characters is cut there, and its length is told", () => {
  for (const make of [(text: string) => text, (text: string) => new Error(text)]) {
    using log = new CapturedLog();
    logFor("test").info("Line", { text: make("x".repeat(8_192)) });
    logFor("test").info("Line", { text: make("y".repeat(8_193)) });
    assertEquals(log.parsed().map(({ fields }) => fields.text), [
      "x".repeat(8_192),
      `${"y".repeat(8_192)}… (8193 characters in all)`,
    ]);
  }
});

Deno.test("each line has its own time, whether it is another or the same", () => {
  using time = new FakeTime();
  const lines: LogLine[] = [];
  configureLog({ level: "info", write: (line) => void lines.push(line) });
  const log = logFor("test");
  log.info("One");
  log.info("Two");
  void time.leap(1_500);
  log.info("Three");
  resetLog();
  assertEquals(lines.map(String), [
    "2026-01-01T00:00:00.000Z [INFO] One {}",
    "2026-01-01T00:00:00.000Z [INFO] Two {}",
    "2026-01-01T00:00:01.500Z [INFO] Three {}",
  ]);
});

Deno.test("control characters are written as four hexadecimal digits, everywhere in a line", () => {
  using log = new CapturedLog();
  logFor("test").info("A\u001bB", { text: "\u007f" });
  assertEquals(log.lines, ['[INFO] A\\u001bB {"text":"\\u007f"}']);
});

Deno.test("`isEnabled()` tells for each level whether its lines are written", () => {
  for (const [least, level] of LOG_LEVELS.entries()) {
    using _log = new CapturedLog(level);
    const enabled = LOG_LEVELS.filter((each) => logFor("test").isEnabled(each));
    assertEquals(enabled, LOG_LEVELS.slice(least));
  }
});

Deno.test("`resetLog()` stops all lines, and asks for none to be made", () => {
  using _log = new CapturedLog();
  resetLog();
  assertEquals(LOG_LEVELS.filter((level) => logFor("test").isEnabled(level)), []);
});
