/** The examples of operation expose as little as they can. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { parseAll } from "@std/yaml";
import { createApp } from "../../lib/mod.ts";
import { settingsWith } from "../../lib/base/settings.ts";
import { parseSubnet } from "../../lib/base/address.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = new URL("docs/operations/", ROOT);
const PROXY_FILES = ["nginx.conf.example", "haproxy.cfg.example", "Caddyfile.example"];
/** The narrowest subnets that still hold several addresses that one proxy may have. */
const MIN_PREFIX = { ipv4: 24, ipv6: 64 };

const read = (name: string) => Deno.readTextFileSync(new URL(name, FOLDER));
/** Without the comments of nginx, HAProxy, Caddy and YAML. */
const withoutComments = (text: string) => text.replaceAll(/^\s*#.*$/gm, "");

/** All texts for users, by their paths. */
function texts(folder = ROOT, names = ["README.md", "docs"]): [string, string][] {
  return names.flatMap((name): [string, string][] => {
    const url = new URL(name, folder);
    if (!Deno.statSync(url).isDirectory) {
      return /\.(md|yml|example|service)$|Dockerfile$/.test(name)
        ? [[url.pathname, Deno.readTextFileSync(url)]]
        : [];
    }
    const within = new URL(`${url}/`);
    return texts(within, [...Deno.readDirSync(within)].map((entry) => entry.name));
  });
}

/** The operator's paths, which refuse other pages also if their origin is allowed. */
async function operatorPaths(): Promise<string[]> {
  const app = createApp();
  const paths: string[] = [];
  for (const path of ["/mcp/connections", "/metrics", "/connections.html"]) {
    const headers = { origin: "http://localhost:1" };
    const response = await app.fetch(new Request(`http://localhost${path}`, { headers }));
    await response.body?.cancel();
    if (response.status === 403) paths.push(path);
  }
  app.stop();
  return paths;
}

for (const name of PROXY_FILES) {
  Deno.test(`${name} refuses every path of the operator`, async () => {
    const text = withoutComments(read(name)).replaceAll("\\.", ".");
    const paths = await operatorPaths();
    assertEquals(paths.length, 3);
    for (const path of paths) {
      const isNamed = text.includes(path) || text.includes(`(${path.slice(1)}|`) ||
        text.includes(`|${path.slice(1)}|`) || text.includes(`|${path.slice(1)})`);
      assert(isNamed, path);
    }
    assert(text.includes("404"));
  });

  Deno.test(`${name} passes on no claim of a client about its address`, () => {
    const text = withoutComments(read(name));
    assert(/(proxy_set_header Forwarded ""|del-header Forwarded|header_up -Forwarded)/.test(text));
  });

  Deno.test(`${name} and its start bind and believe no more than this machine`, () => {
    const text = read(name);
    const [server = ""] = /127\.0\.0\.1:8000/.exec(text) ?? [];
    assertEquals(server, "127.0.0.1:8000");
    for (const [, list = ""] of text.matchAll(/MCP_TRUSTED_PROXIES=(\S+)/g)) {
      assertEquals(list.split(",").filter((one) => one !== "127.0.0.1" && one !== "::1"), []);
    }
  });
}

Deno.test("no example trusts a network of proxies that is wider than one of pods or hosts", () => {
  const trusted = texts().flatMap(([path, text]) =>
    [...text.matchAll(/MCP_TRUSTED_PROXIES(?:=|[^\n]{0,10}value: ")([\w.:/,]+)/g)]
      .flatMap(([, list = ""]) => list.split(",").map((one) => [path, one] as const))
  );
  assertGreater(trusted.length, 3);
  for (const [path, one] of trusted) {
    const subnet = parseSubnet(one);
    assert(subnet !== undefined, `${path}: ${one}`);
    const { prefix = Infinity, family } = subnet;
    assert(prefix >= MIN_PREFIX[family], `${path}: ${one}`);
  }
});

Deno.test("no example publishes a container's port on all interfaces, unless to say so", () => {
  const published = texts().flatMap(([path, text]) =>
    [...text.matchAll(/(^.*)-p (\d[\d.:]*)(.*$)/gm)].map((
      [, before = "", port = "", after = ""],
    ) => ({
      path,
      port,
      line: before + after,
    }))
  );
  assertGreater(published.length, 2);
  for (const { path, port, line } of published) {
    const isWarning = /would listen on all interfaces/.test(line);
    assert(port.startsWith("127.0.0.1:") || isWarning, `${path}: -p ${port}${line}`);
  }
});

// deno-lint-ignore no-explicit-any -- a test looks into whatever is there
const POLICY = (parseAll(read("kubernetes.yml")) as any[])
  .find(({ kind }) => kind === "NetworkPolicy").spec;

Deno.test("the NetworkPolicy lets named namespaces reach one port, and the pods reach nobody", () => {
  assertEquals(POLICY.policyTypes, ["Ingress", "Egress"]);
  assertEquals(POLICY.egress, []);
  assertGreater(POLICY.ingress.length, 0);
  for (const { from, ports } of POLICY.ingress) {
    assertEquals(ports, [{ protocol: "TCP", port: "http" }]);
    assertGreater(from.length, 0);
    for (const { namespaceSelector, ...others } of from) {
      assertEquals(Object.keys(others).filter((key) => key !== "podSelector"), []);
      assertGreater(Object.keys(namespaceSelector.matchLabels).length, 0);
    }
  }
});

Deno.test("the server itself listens on this machine alone unless it is told otherwise", () => {
  assertEquals(settingsWith().HOST, "127.0.0.1");
  assertEquals(settingsWith().MCP_TRUSTED_PROXIES, []);
});
