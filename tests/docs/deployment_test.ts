/** The files by which Lifeline is deployed fit its settings, its endpoints and each other. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { parseAll } from "@std/yaml";
import { checkSettings, SECRET_SETTINGS, SETTINGS, settingsWith } from "../../lib/base/settings.ts";
import { ENDPOINTS } from "../../lib/http/routes/info.ts";
import { testApp } from "../helpers/app.ts";
import { envOf, only, parseCommand, parseDockerfile } from "../helpers/dockerfile.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = new URL("docs/operations/", ROOT);
const DEFAULTS = settingsWith();
/** Time that a process may need beside its drain (ms). */
const MARGIN_MS = 5_000;
const KIB = 1024;
const UNITS: Readonly<Record<string, number>> = { Mi: KIB ** 2, Gi: KIB ** 3 };

function read(name: string, folder = FOLDER): string {
  return Deno.readTextFileSync(new URL(name, folder));
}

/** The flags of `deno run` that give permissions. */
function permissionsOf(words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith("--allow-"));
}

/** Everything that can be set: the settings, and the files of those that are secret. */
const SETTABLE = [
  ...Object.keys(SETTINGS),
  ...SECRET_SETTINGS.map((name) => `${name}_FILE`),
];
/** Paths that only the operator may request. */
const OPERATOR_PATHS = ["/mcp/connections", "/metrics", "/connections.html"];

const START = JSON.parse(read("deno.json", ROOT)).tasks.start.command.split(" ");
const DOCKERFILE = parseDockerfile(read("Dockerfile"));
const UNIT = read("lifeline.service");

/** The values of a key of the unit. */
function unitValues(key: string): string[] {
  return [...UNIT.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

/** The folders and files of the project that the modules of a folder import. */
function importedBy(folder: string): Set<string> {
  const found = new Set<string>();
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`${folder}/`, ROOT))) {
    if (isDirectory) { for (const each of importedBy(`${folder}/${name}`)) found.add(each); }
    else if (name.endsWith(".ts")) {
      const code = read(`${folder}/${name}`, ROOT);
      for (const [, path = ""] of code.matchAll(/(?:from |import\()"(\.\.\/[^"]+)"/g)) {
        const { pathname } = new URL(path, `file:///${folder}/${name}`);
        found.add(pathname.split("/")[1]!);
      }
    }
  }
  return found;
}

Deno.test("every way to install Lifeline copies all that it imports", () => {
  const needed = [...importedBy("lib")].sort();
  assertEquals(needed, ["deno.json", "doctor", "lib", "static"]);
  const [, copied = ""] = /cp -r (.*) \/opt/.exec(read("systemd.md")) ?? [];
  const inImage = [...read("Dockerfile").matchAll(/^COPY (.*) /gm)]
    .flatMap(([, names = ""]) => names.split(" ").map((name) => name.replace(/\/$/, "")));
  const { publish } = JSON.parse(read("deno.json", ROOT));
  for (const way of [copied.split(" "), inImage, publish.include]) {
    assertEquals(needed.filter((name) => !way.includes(name)), []);
  }
});

// deno-lint-ignore no-explicit-any -- a test looks into whatever is there
const MANIFESTS = parseAll(read("kubernetes.yml")) as any[];
const [DEPLOYMENT, SERVICE, BUDGET, INGRESS, POLICY] = MANIFESTS;
const POD = DEPLOYMENT.spec.template.spec;
const [CONTAINER] = POD.containers;

interface EnvVar {
  readonly name: string;
  readonly value?: string;
}

/** The variables that the manifest itself gives, with the pod's address put in. */
function podEnv(podIp: string): Record<string, string> {
  return Object.fromEntries(
    CONTAINER.env.filter(({ value }: EnvVar) => value !== undefined)
      .map(({ name, value }: EnvVar) => [name, value?.replace("$(POD_IP)", podIp)]),
  );
}

function bytesOf(quantity: string): number {
  const [, number = "", unit = ""] = /^(\d+)(\w+)$/.exec(quantity) ?? [];
  return Number(number) * (UNITS[unit] ?? NaN);
}

Deno.test("every setting that the pages on operation name is one", () => {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);
  const unknown = files.filter((name) => !name.endsWith(".json")).flatMap((file) =>
    [...read(file).matchAll(/\bMCP_[A-Z_]*[A-Z](?![A-Z_]*\*)/g)]
      .filter(([name]) => !SETTABLE.includes(name)).map(([name]) => `${file}: ${name}`)
  );
  assertEquals(unknown, []);
});

Deno.test("limits.md names every setting that is a limit", () => {
  const others =
    /^(PORT|HOST|MCP_(LOG|ALLOWED|TOOL|ADMIN|READ|MASK|METRICS|SESSION_KEY|STORE|PAGE|TRUSTED|FORWARDED|TCP|REUSE|LISTENER|AUTH|AUDIT|PUBLIC|BUILT_IN|SERVER))/;
  const limits = Object.keys(SETTINGS).filter((name) => !others.test(name));
  assertGreater(limits.length, 20);
  const text = read("limits.md");
  assertEquals(limits.filter((name) => !text.includes(`\`${name}\``)), []);
});

/** The permissions of `deno task start`, some of them written otherwise. */
function startPermissions(others: Readonly<Record<string, string>>): string[] {
  return permissionsOf(START).map((flag) => {
    const [name = ""] = flag.split("=");
    return others[name] === undefined ? flag : `${name}=${others[name]}`;
  });
}

Deno.test("the Dockerfile starts what `deno task start` starts, and lets it read its secrets", () => {
  const command = parseCommand(only(DOCKERFILE, "ENTRYPOINT"));
  assertEquals([command[0], command[1], command.at(-1)], ["deno", "run", "main.ts"]);
  const expected = startPermissions({ "--allow-read": ".,/run/secrets" });
  assertEquals(permissionsOf(command), expected);
  const run = DOCKERFILE.filter(({ word }) => word === "RUN").at(-1)?.text ?? "";
  assertEquals(permissionsOf(run.split(" ")), expected);
});

Deno.test("a container for yourself is published on the loopback alone", () => {
  for (const text of [read("Dockerfile"), read("docker.md")]) {
    const published = [...text.matchAll(/docker run [^\n]*-p (\S+)/g)].map(([, port]) => port);
    assertGreater(published.length, 0);
    for (const port of published) assertEquals(port, "127.0.0.1:8000:8000");
  }
});

Deno.test("the Dockerfile takes the Deno that the README names, and does not stay root", () => {
  const version = /npx -y deno@(\S+) task start/.exec(read("README.md", ROOT))?.[1];
  assertEquals(only(DOCKERFILE, "FROM"), "${BASE}");
  assertEquals(only(DOCKERFILE, "ARG"), `BASE=denoland/deno:${version}`);
  assertEquals(only(DOCKERFILE, "USER"), "deno");
  assertEquals(only(DOCKERFILE, "STOPSIGNAL"), "SIGTERM");
});

Deno.test("the Dockerfile's health check asks an endpoint, under a name that is allowed", () => {
  const [, url = ""] = /fetch\(`(\S+?)`\)/.exec(only(DOCKERFILE, "HEALTHCHECK")) ?? [];
  const { hostname, pathname } = new URL(url.replace("${Deno.env.get('PORT')}", "8000"));
  assert(DEFAULTS.MCP_ALLOWED_HOSTS.includes(hostname));
  assert(ENDPOINTS.some(({ method, path }) => method === "GET" && path === pathname));
  assertEquals(envOf(DOCKERFILE).HOST, "0.0.0.0");
});

Deno.test("the Compose file builds the Dockerfile, stops it later than its drain ends, and keeps it closed", () => {
  const text = /```yaml\n(.*?)```/s.exec(read("docker.md"))?.[1] ?? "";
  // deno-lint-ignore no-explicit-any -- a test looks into whatever is there
  const [{ services: { lifeline } }] = parseAll(text) as any[];
  assert(Deno.statSync(new URL(`${lifeline.build.dockerfile}`, ROOT)).isFile);
  const [, seconds] = /^(\d+)s$/.exec(lifeline.stop_grace_period) ?? [];
  assertGreater(Number(seconds) * 1000, DEFAULTS.MCP_DRAIN_MS + MARGIN_MS);
  assertGreater(lifeline.ulimits.nofile, 2 * DEFAULTS.MCP_MAX_CONNECTIONS);
  assertEquals(lifeline.ports, [`127.0.0.1:8000:${envOf(DOCKERFILE).PORT}`]);
  for (const name of Object.keys(lifeline.environment)) assert(SETTABLE.includes(name), name);
});

Deno.test("the Compose file hands secrets over as files", () => {
  const text = /```yaml\n(.*?)```/s.exec(read("docker.md"))?.[1] ?? "";
  // deno-lint-ignore no-explicit-any -- a test looks into whatever is there
  const [{ services: { lifeline }, secrets }] = parseAll(text) as any[];
  assertEquals(lifeline.secrets, Object.keys(secrets));
  const files = lifeline.secrets.map((name: string) => `/run/secrets/${name}`);
  const { environment } = lifeline;
  assertEquals([environment.MCP_SESSION_KEY_FILE, environment.MCP_ADMIN_TOKEN_FILE], files);
});

Deno.test("the unit starts what `deno task start` starts, on its own address, and lets it read its secrets", () => {
  const [command = ""] = unitValues("ExecStart");
  const words = command.split(" ");
  assertEquals([words[1], words.at(-1)], ["run", "main.ts"]);
  assertEquals(
    permissionsOf(words),
    startPermissions({
      "--allow-net": "${HOST}:${PORT}",
      "--allow-read": ".,/run/credentials/lifeline.service",
    }),
  );
  assert(UNIT.includes(`HOST=${DEFAULTS.HOST} PORT=${DEFAULTS.PORT}`));
});

Deno.test("the unit leaves time for the drain, and file descriptors for every stream", () => {
  const [timeout] = unitValues("TimeoutStopSec");
  assertGreater(Number(timeout) * 1000, DEFAULTS.MCP_DRAIN_MS + MARGIN_MS);
  assertEquals(unitValues("KillSignal"), ["SIGTERM"]);
  const [files] = unitValues("LimitNOFILE");
  assertGreater(Number(files), 2 * DEFAULTS.MCP_MAX_CONNECTIONS);
  assertEquals(unitValues("MemoryDenyWriteExecute"), []);
});

Deno.test("the manifests are a Deployment and what belongs to it, by the same labels and ports", () => {
  assertEquals(MANIFESTS.map(({ kind }) => kind), [
    "Deployment",
    "Service",
    "PodDisruptionBudget",
    "Ingress",
    "NetworkPolicy",
  ]);
  const labels = DEPLOYMENT.spec.template.metadata.labels;
  const selectors = [DEPLOYMENT.spec.selector, BUDGET.spec.selector, POLICY.spec.podSelector];
  for (const { matchLabels } of selectors) {
    assertEquals(matchLabels, labels);
  }
  assertEquals(SERVICE.spec.selector, labels);
  const [port] = CONTAINER.ports;
  assertEquals(port.containerPort, Number(envOf(DOCKERFILE).PORT));
  assertEquals(SERVICE.spec.ports[0].targetPort, port.name);
  for (const { backend } of INGRESS.spec.rules[0].http.paths) {
    assertEquals(backend.service.name, SERVICE.metadata.name);
    assertEquals(backend.service.port.name, SERVICE.spec.ports[0].name);
  }
});

Deno.test("the Ingress publishes what clients need, and no path of the operator", () => {
  const published = (path: string) =>
    INGRESS.spec.rules[0].http.paths.some((rule: { path: string; pathType: string }) =>
      rule.pathType === "Exact" ? path === rule.path : `${path}/`.startsWith(`${rule.path}/`)
    );
  for (const path of ["/mcp", "/mcp/sse", "/.well-known/oauth-protected-resource/mcp"]) {
    assert(published(path), path);
  }
  for (const path of OPERATOR_PATHS) assert(!published(path), path);
});

Deno.test("the pod is live as long as it answers, and ready as long as it takes streams", async () => {
  const { livenessProbe, readinessProbe } = CONTAINER;
  assertEquals([livenessProbe.httpGet.path, readinessProbe.httpGet.path], ["/healthz", "/readyz"]);
  using app = testApp({ settings: settingsOfPod() });
  const probe = async (path: string) =>
    (await app.fetch(new Request(`http://10.42.0.7:8000${path}`))).status;
  assertEquals([await probe("/healthz"), await probe("/readyz")], [200, 200]);
  await app.drain(0);
  assertEquals([await probe("/healthz"), await probe("/readyz")], [200, 503]);
});

/** The settings that Lifeline reads from the manifest. */
function settingsOfPod() {
  const { POD_IP: _, ...env } = podEnv("10.42.0.7");
  for (const name of Object.keys(env)) assert(SETTABLE.includes(name), name);
  return checkSettings(env).settings;
}

Deno.test("the pod has time for its drain after it has left the Service", () => {
  const [program, seconds] = CONTAINER.lifecycle.preStop.exec.command;
  assertEquals(program, "sleep");
  const needed = Number(seconds) * 1000 + settingsOfPod().MCP_DRAIN_MS + MARGIN_MS;
  assertGreater(POD.terminationGracePeriodSeconds * 1000, needed);
});

Deno.test("the pod's secrets are files out of the Secret that the manifest says how to make", () => {
  const secret = /create secret generic (\w+)/.exec(read("kubernetes.yml"))?.[1];
  assertEquals(POD.volumes[0].secret.secretName, secret);
  const [{ mountPath, readOnly }] = CONTAINER.volumeMounts;
  assert(readOnly && mountPath.startsWith("/run/secrets/"));
  for (const name of ["MCP_SESSION_KEY_FILE", "MCP_ADMIN_TOKEN_FILE"]) {
    const file = podEnv("")[name] ?? "";
    assert(file.startsWith(`${mountPath}/`), name);
    assert(read("kubernetes.yml").includes(`--from-literal=${file.slice(mountPath.length + 1)}=`));
  }
});

Deno.test("the pod's memory holds what its limits let in, by the figures of capacity-planning.md", () => {
  const text = read("capacity-planning.md");
  const figure = (name: string, unit: number) =>
    Number(new RegExp(`^\\| ${name} +\\| ([\\d.]+) `, "m").exec(text)?.[1]) * unit;
  const { MCP_MAX_CONNECTIONS, MCP_MAX_TOTAL_QUEUED_BYTES, MCP_REPLAY_TOTAL_BYTES } =
    settingsOfPod();
  const needed = figure("the process itself", KIB ** 2) +
    MCP_MAX_CONNECTIONS * (figure("an idle stream", KIB) + figure("its socket", KIB)) +
    MCP_MAX_TOTAL_QUEUED_BYTES + MCP_REPLAY_TOTAL_BYTES;
  assertLess(needed, 0.75 * bytesOf(CONTAINER.resources.limits.memory));
});

Deno.test("the ServiceMonitor scrapes the Service at the path of the metrics, with the token", () => {
  // deno-lint-ignore no-explicit-any -- a test looks into whatever is there
  const [monitor] = parseAll(read("servicemonitor.yml")) as any[];
  const [endpoint] = monitor.spec.endpoints;
  assertEquals(monitor.spec.selector.matchLabels, SERVICE.metadata.labels);
  assertEquals(endpoint.port, SERVICE.spec.ports[0].name);
  assert(ENDPOINTS.some(({ path }) => path === endpoint.path));
  const { name, key } = endpoint.authorization.credentials;
  assertEquals(name, POD.volumes[0].secret.secretName);
  assert(read("kubernetes.yml").includes(`--from-literal=${key}=`));
});

// deno-lint-ignore no-explicit-any -- a test looks into whatever is there
const REDIS_MANIFESTS = parseAll(read("kubernetes-redis.yml")) as any[];
const [REDIS, REDIS_SERVICE, REDIS_POLICY, TO_REDIS] = REDIS_MANIFESTS;
// deno-lint-ignore no-explicit-any -- as above
const [PATCH] = parseAll(read("kubernetes-store-patch.yml")) as any[];

Deno.test("the patch has several replicas start what the image starts, with the store's address", () => {
  assertGreater(PATCH.spec.replicas, 2);
  const [patched] = PATCH.spec.template.spec.containers;
  assertEquals(patched.name, CONTAINER.name);
  const { name, ports: [{ port }] } = { ...REDIS_SERVICE.metadata, ...REDIS_SERVICE.spec };
  const address = `${name}:${port}`;
  const image = parseCommand(only(DOCKERFILE, "ENTRYPOINT"));
  const expected = image.map((word) =>
    word.startsWith("--allow-net=") ? `${word},${address}` : word
  );
  assertEquals(patched.command, expected);
  for (const file of ["kubernetes-redis.yml", "kubernetes.md"]) {
    assert(read(file).includes(`--from-literal=url="redis://:$password@${address}"`), file);
  }
  const [{ name: setting, value }] = patched.env;
  const [{ mountPath }] = patched.volumeMounts;
  const [{ secret }] = PATCH.spec.template.spec.volumes;
  assertEquals([setting, value], ["MCP_STORE_FILE", `${mountPath}/${secret.items[0].path}`]);
  assert(read("kubernetes.md").includes(`create secret generic ${secret.secretName} `));
  const [annotation] = /upstream-hash-by/.exec(read("kubernetes-store-patch.yml")) ?? [];
  assert(Object.keys(INGRESS.metadata.annotations).some((one) => one.endsWith(annotation ?? "?")));
});

Deno.test("Redis is reached by Lifeline alone, keeps its keys, and fits its memory", () => {
  const { labels } = REDIS.spec.template.metadata;
  assertEquals(REDIS_SERVICE.spec.selector, labels);
  const app = DEPLOYMENT.spec.template.metadata.labels;
  assertEquals(REDIS_POLICY.spec.podSelector.matchLabels, labels);
  assertEquals(REDIS_POLICY.spec.ingress.map(({ from }: { from: unknown }) => from), [
    [{ podSelector: { matchLabels: app } }],
  ]);
  assertEquals(TO_REDIS.spec.podSelector.matchLabels, app);
  const [{ to: [{ podSelector }], ports: [{ port }] }] = TO_REDIS.spec.egress;
  assertEquals([podSelector.matchLabels, port], [labels, REDIS_SERVICE.spec.ports[0].port]);
  const [{ args, resources }] = REDIS.spec.template.spec.containers;
  assertEquals(args[args.indexOf("--maxmemory-policy") + 1], "noeviction");
  const bytes = Number.parseInt(args[args.indexOf("--maxmemory") + 1]) * KIB ** 2;
  assertLess(bytes, 0.8 * bytesOf(resources.limits.memory));
});
