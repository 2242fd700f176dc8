/** The files by which Lifeline is deployed fit its settings, its endpoints and each other. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { parseAll } from "@std/yaml";
import { type SettingName, SETTINGS_SCHEMA, settingsWith } from "../../lib/base/settings.ts";
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

const START = JSON.parse(read("deno.json", ROOT)).tasks.start.command.split(" ");
const DOCKERFILE = parseDockerfile(read("Dockerfile"));
const UNIT = read("lifeline.service");

/** The values of a key of the unit. */
function unitValues(key: string): string[] {
  return [...UNIT.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

// deno-lint-ignore no-explicit-any -- a test looks into whatever is there
const MANIFESTS = parseAll(read("kubernetes.yml")) as any[];
const [DEPLOYMENT, SERVICE, BUDGET, INGRESS] = MANIFESTS;
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
  const names = Object.keys(SETTINGS_SCHEMA.shape);
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);
  const unknown = files.filter((name) => !name.endsWith(".json")).flatMap((file) =>
    [...read(file).matchAll(/\bMCP_[A-Z_]*[A-Z](?![A-Z_]*\*)/g)]
      .filter(([name]) => !names.includes(name)).map(([name]) => `${file}: ${name}`)
  );
  assertEquals(unknown, []);
});

Deno.test("limits.md names every setting that is a limit", () => {
  const others =
    /^(PORT|HOST|MCP_(LOG|ALLOWED|TOOLS|ADMIN|METRICS|SESSION_KEY|PAGE|TRUSTED|TCP|REUSE|AUTH|AUDIT|PUBLIC))/;
  const limits = Object.keys(SETTINGS_SCHEMA.shape).filter((name) => !others.test(name));
  assertGreater(limits.length, 20);
  const text = read("limits.md");
  assertEquals(limits.filter((name) => !text.includes(`\`${name}\``)), []);
});

Deno.test("the Dockerfile starts what `deno task start` starts, with the same permissions", () => {
  const command = parseCommand(only(DOCKERFILE, "ENTRYPOINT"));
  assertEquals([command[0], command[1], command.at(-1)], ["deno", "run", "main.ts"]);
  assertEquals(permissionsOf(command), permissionsOf(START));
  const run = DOCKERFILE.filter(({ word }) => word === "RUN").at(-1)?.text ?? "";
  assertEquals(permissionsOf(run.split(" ")), permissionsOf(START));
});

Deno.test("the Dockerfile takes the Deno that the README names, and does not stay root", () => {
  const version = /npx -y deno@(\S+) task start/.exec(read("README.md", ROOT))?.[1];
  assertEquals(only(DOCKERFILE, "FROM"), `denoland/deno:${version}`);
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
  for (const name of Object.keys(lifeline.environment)) {
    assert(Object.hasOwn(SETTINGS_SCHEMA.shape, name), name);
  }
});

Deno.test("the unit starts what `deno task start` starts, with the same permissions", () => {
  const [command = ""] = unitValues("ExecStart");
  const words = command.split(" ");
  assertEquals([words[1], words.at(-1)], ["run", "main.ts"]);
  assertEquals(permissionsOf(words), permissionsOf(START));
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
  ]);
  const labels = DEPLOYMENT.spec.template.metadata.labels;
  for (const { matchLabels } of [DEPLOYMENT.spec.selector, BUDGET.spec.selector]) {
    assertEquals(matchLabels, labels);
  }
  assertEquals(SERVICE.spec.selector, labels);
  const [port] = CONTAINER.ports;
  assertEquals(port.containerPort, Number(envOf(DOCKERFILE).PORT));
  assertEquals(SERVICE.spec.ports[0].targetPort, port.name);
  const [path] = INGRESS.spec.rules[0].http.paths;
  assertEquals(path.backend.service.name, SERVICE.metadata.name);
  assertEquals(path.backend.service.port.name, SERVICE.spec.ports[0].name);
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

/** What Lifeline makes of the manifest. */
function settingsOfPod() {
  const { POD_IP: _, ...env } = podEnv("10.42.0.7");
  for (const name of Object.keys(env)) assert(Object.hasOwn(SETTINGS_SCHEMA.shape, name), name);
  return SETTINGS_SCHEMA.parse(env);
}

Deno.test("the pod has time for its drain after it has left the Service", () => {
  const [program, seconds] = CONTAINER.lifecycle.preStop.exec.command;
  assertEquals(program, "sleep");
  const needed = Number(seconds) * 1000 + settingsOfPod().MCP_DRAIN_MS + MARGIN_MS;
  assertGreater(POD.terminationGracePeriodSeconds * 1000, needed);
});

Deno.test("the pod's secrets come from the Secret that the manifest says how to make", () => {
  const secret = /create secret generic (\w+)/.exec(read("kubernetes.yml"))?.[1];
  for (const name of ["MCP_SESSION_KEY", "MCP_ADMIN_TOKEN"] satisfies SettingName[]) {
    const { valueFrom: { secretKeyRef } } = CONTAINER.env.find((one: EnvVar) => one.name === name);
    assertEquals(secretKeyRef.name, secret);
    assert(read("kubernetes.yml").includes(`--from-literal=${secretKeyRef.key}=`));
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
  const token = CONTAINER.env.find(({ name }: EnvVar) => name === "MCP_ADMIN_TOKEN");
  assertEquals(endpoint.authorization.credentials, token.valueFrom.secretKeyRef);
});
