/** The permissions of tools in a server that `deno task start` started. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { rpc, toolCall } from "../helpers/app.ts";
import { runMain, ServerProcess } from "../helpers/process.ts";

const TOKEN = "a-token-that-no-tool-may-see-0123456789";
const TOOLS = { MCP_TOOLS: "./tests/fixtures/tools/prying.ts" };

// deno-lint-ignore no-explicit-any -- a test looks into whatever came
async function call(server: ServerProcess, name: string, args = {}): Promise<any> {
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(toolCall(name, args)),
  });
  return (await response.json()).result;
}

Deno.test("a tool that reaches for what is not granted fails alone, and says what was missing", async () => {
  await using server = await ServerProcess.start({ env: TOOLS });
  for (
    const [name, args, missing] of [
      ["read_file", { path: "/etc/passwd" }, /read access to "\/etc\/passwd"/],
      ["read_file", { path: "/proc/self/environ" }, /\/proc\/self\/environ/],
      ["read_env", { name: "HOME" }, /env access to "HOME"/],
      ["list_env", {}, /env access/],
      ["call_out", {}, /net access to "192\.0\.2\.1:80"/],
      ["run_program", {}, /run access to "id"/],
    ] as const
  ) {
    const { isError, content } = await call(server, name, args);
    assertEquals(isError, true, name);
    assertMatch(content[0].text, missing);
  }
  const { content } = await call(server, "ask_for_more");
  assertEquals(content[0].text, "denied");
  // Everything else goes on.
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(rpc("ping")),
  });
  assertEquals((await response.json()).result, {});
  assertEquals(await server.stop(), 0);
});

Deno.test("pages, probes and tools are served with the permissions of `deno task start`", async () => {
  await using server = await ServerProcess.start();
  for (const path of ["/sse-test.html", "/healthz", "/readyz", "/mcp/info"]) {
    const response = await fetch(`${server.url}${path}`);
    await response.body?.cancel();
    assertEquals(response.status, 200, path);
  }
  assertEquals((await call(server, "echo", { message: "hello" })).isError ?? false, false);
});

Deno.test("no tool finds the operator's token in the environment", async () => {
  await using server = await ServerProcess.start({ env: { ...TOOLS, MCP_ADMIN_TOKEN: TOKEN } });
  const { content } = await call(server, "read_env", { name: "MCP_ADMIN_TOKEN" });
  assertEquals(content[0].text, "(not set)");
  const refused = await fetch(`${server.url}/mcp/connections`);
  await refused.body?.cancel();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const taken = await fetch(`${server.url}/mcp/connections`, { headers });
  await taken.body?.cancel();
  assertEquals([refused.status, taken.status], [401, 200]);
});

const FIXTURES = new URL("../fixtures/", import.meta.url).pathname;
const SECRET = { MCP_ADMIN_TOKEN_FILE: `${FIXTURES}secrets/token` };

Deno.test("no tool can read the file that a secret came from, and files of its own it can", async () => {
  await using server = await ServerProcess.start({
    cwd: `${FIXTURES}tools`,
    reads: [
      `${FIXTURES}tools`,
      `${FIXTURES}secrets`,
      new URL("../../lib", import.meta.url).pathname,
    ],
    env: { MCP_TOOLS: "./prying.ts", ...SECRET },
  });
  const secret = await call(server, "read_file", { path: SECRET.MCP_ADMIN_TOKEN_FILE });
  assertMatch(secret.content[0].text, /^Requires read access to/);
  const own = await call(server, "read_file", { path: `${FIXTURES}tools/none.ts` });
  assertEquals(own.isError ?? false, false);
  const headers = { authorization: "Bearer a-token-from-a-file-0123456789ab" };
  const taken = await fetch(`${server.url}/mcp/connections`, { headers });
  await taken.body?.cancel();
  assertEquals(taken.status, 200);
});

Deno.test("a secret's file that was granted together with the tools takes nothing from them", async () => {
  await using server = await ServerProcess.start({ env: { ...TOOLS, ...SECRET } });
  const own = await call(server, "read_file", { path: `${FIXTURES}tools/none.ts` });
  assertEquals(own.isError ?? false, false);
});

for (const name of ["start", "start:env", "start:redis", "dev", "compile"] as const) {
  Deno.test(`deno task ${name} asks nobody, takes the locked versions, and grants no more than is named`, () => {
    const { command } = config.tasks[name];
    assertStringIncludes(command, " --no-prompt ");
    assertStringIncludes(command, " --frozen ");
    assertEquals(/--allow-(net|read|env|all|write|run|sys|ffi)(?=[ ,]|$)| -A /.exec(command), null);
  });
}

for (const [url, host] of [["10.0.0.5", "10.0.0.5:6379"], ["redis:7000/1", "redis:7000"]]) {
  Deno.test(`a start with Redis at ${host}, but without the permission for it, says what to add`, async () => {
    const env = {
      MCP_STORE: `redis://user:password@${url}`,
      MCP_SESSION_KEY: "a key for all instances of this test",
    };
    const { code, stderr } = await runMain({ env, args: ["--port=0"] });
    assertEquals(code, 1);
    assertStringIncludes(stderr, `may not connect to ${host}; add it to --allow-net`);
    assertEquals(stderr.includes("password"), false);
  });
}

Deno.test("a start with Redis, but without the lock file that names its package, says how to start", async () => {
  const env = {
    MCP_STORE: "redis://127.0.0.1:1",
    MCP_SESSION_KEY: "a key for all instances of this test",
  };
  const { code, stderr } = await runMain({ env, args: ["--port=0"] });
  assertEquals(code, 1);
  assertMatch(
    stderr.trim(),
    /^\[ERROR\] MCP_STORE=redis: needs the package npm:@redis.client@[\d.]+\. Start with `deno task start:redis`, or add --lock=lib\/store\/redis\/deno\.lock to the command\. The reason: [^\n]+$/,
  );
});

Deno.test("a module outside of Lifeline's folder imports `@lifeline/mcp`, if both folders may be read", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/my_tools.ts`;
  await Deno.writeTextFile(
    path,
    `import * as z from "zod";
    import { defineTool } from "@lifeline/mcp";
    export const greet = defineTool({
      name: "greet",
      description: "Greets somebody",
      input: z.object({ name: z.string() }),
      run: ({ name }) => \`Hello \${name}\`,
    });`,
  );
  {
    const reads = [folder, new URL("../..", import.meta.url).pathname];
    await using server = await ServerProcess.start({ env: { MCP_TOOLS: path }, reads });
    const { content } = await call(server, "greet", { name: "Ada" });
    assertEquals(content[0].text, "Hello Ada");
  }
  await Deno.remove(folder, { recursive: true });
});
