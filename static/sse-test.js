/**
 * The test page of the plain dialect: wires what is typed and clicked to the session, and what
 * comes back to what is seen.
 *
 * @module
 */
import { toCurl } from "./client/curl.js";
import { Session } from "./client/session.js";
import { byId } from "./ui/dom.js";
import { EventLog } from "./ui/event_log.js";
import { PathPanel } from "./ui/path_panel.js";
import { PingChart } from "./ui/ping_chart.js";
import { ResultView } from "./ui/result_view.js";
import { RunningCalls } from "./ui/running_calls.js";
import { recall, remember } from "./ui/settings.js";
import { StateBadge } from "./ui/state_badge.js";
import { ToolsPanel } from "./ui/tools_panel.js";

const TICK_MS = 250;
/** Pages of one tools/list that are asked for; a server that never ends is cut short. */
const MAX_PAGES = 100;
/** @type {Record<string, object>} */
const FIRST_PARAMS = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "lifeline-test-page", version: "1.0.0" },
  },
};

const endpoint = byId("endpoint", HTMLInputElement);
const first = byId("first", HTMLSelectElement);
const reconnect = byId("auto-reconnect", HTMLInputElement);
const connectButton = byId("connect", HTMLButtonElement);
const reconnectButton = byId("reconnect", HTMLButtonElement);
const curl = byId("curl", HTMLElement);
const announcer = byId("announcer", HTMLElement);

const log = new EventLog();
const chart = new PingChart();
const badge = new StateBadge();
const result = new ResultView();
const running = new RunningCalls((id) => session.cancel(id));
const { settings, isKnown } = recall({
  endpoint: new URL("mcp/sse", document.baseURI).pathname,
  first: "tools/list",
  reconnect: false,
  tool: "",
  args: {},
});

/** What the first button does. */
const BUTTON_TEXT = {
  idle: "Connect",
  connecting: "Stop",
  open: "Disconnect",
  closing: "Disconnect",
  closed: "Stop trying",
};

const session = new Session({
  onState: showState,
  onEntry: (entry) => log.add(entry),
  onRequest: (request) => curl.textContent = toCurl(request),
  onFirstCall: (call) => void showAnswer(call),
  onPing: (ping) => {
    chart.add(ping);
    beat();
  },
});

const tools = new ToolsPanel({
  argsOf: (name) => settings.args[name],
  onCall: (name, args) => void callTool(name, args),
});

/** @param {import("./client/session.js").State} state */
function showState(state) {
  badge.show(state);
  const { isOver } = session;
  connectButton.textContent = isOver ? BUTTON_TEXT.idle : BUTTON_TEXT[state.phase];
  connectButton.classList.toggle("primary", isOver);
  for (const button of document.querySelectorAll("[data-needs-connection]")) {
    button.setAttribute("aria-disabled", String(state.phase !== "open"));
  }
  if (state.phase === "connecting") chart.clear();
  tick();
}

/** Where to connect to; undefined, with the fault shown, where this page may not. */
function targetUrl() {
  try {
    const url = new URL(settings.endpoint, document.baseURI);
    if (url.origin === location.origin) return url.href;
    endpoint.setCustomValidity(`This page may talk to ${location.origin} only`);
  } catch {
    endpoint.setCustomValidity("This is no URL");
  }
  endpoint.reportValidity();
  return undefined;
}

function connect() {
  const url = targetUrl();
  if (url === undefined) return;
  reconnectButton.hidden = false;
  const method = settings.first;
  session.connect({
    url,
    first: method === "" ? undefined : { method, params: FIRST_PARAMS[method] },
    reconnect: settings.reconnect,
  });
}

function showSettings() {
  endpoint.value = settings.endpoint;
  first.value = settings.first;
  reconnect.checked = settings.reconnect;
}

/** @param {string} method @param {object} [params] */
function ask(method, params) {
  return showAnswer(session.request({ method, params }));
}

/** @param {import("./client/calls.js").Call} call */
async function showAnswer({ method, startedAt, result: answer }) {
  await showOutcome(method, startedAt, answer);
  if (method === "tools/list") await listTools(answer);
}

/** @param {string} name @param {Record<string, unknown>} args */
async function callTool(name, args) {
  settings.tool = name;
  settings.args[name] = args;
  remember(settings);
  const method = { method: "tools/call", params: { name, arguments: args } };
  const startedAt = performance.now();
  const answer = running.track(name, (onProgress) => session.request(method, onProgress));
  await showOutcome(name, startedAt, answer);
}

/** @param {string} title @param {number} startedAt @param {Promise<any>} answer */
async function showOutcome(title, startedAt, answer) {
  try {
    const value = await answer;
    result.show(title, value, performance.now() - startedAt);
  } catch (error) {
    result.fail(title, error, performance.now() - startedAt);
  }
}

/** @param {Promise<any>} firstPage of the list; all that follow are asked for */
async function listTools(firstPage) {
  try {
    const found = [];
    let page = await firstPage;
    for (let i = 1; i < MAX_PAGES; i++) {
      found.push(...page.tools);
      if (page.nextCursor === undefined) break;
      const params = { cursor: page.nextCursor };
      page = await session.request({ method: "tools/list", params }).result;
    }
    tools.setTools(found, settings.tool);
  } catch {
    // The result says already what went wrong.
  }
}

async function copyCurl() {
  try {
    await navigator.clipboard.writeText(curl.textContent ?? "");
    announcer.textContent = "Copied.";
  } catch {
    // Without HTTPS there is no clipboard: the text is selected instead, ready for the keyboard.
    getSelection()?.selectAllChildren(curl);
    announcer.textContent = "Selected; copy it with the keyboard.";
  }
}

/** The logo beats with each ping. */
function beat() {
  const logo = byId("logo", SVGSVGElement);
  logo.classList.remove("beat");
  // Reading a measure lets the animation start anew.
  logo.getBoundingClientRect();
  logo.classList.add("beat");
}

function tick() {
  badge.tick(session);
  chart.tick(session.phase === "open");
  running.tick();
}

byId("connection-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  if (!session.isOver) return session.disconnect();
  settings.endpoint = endpoint.value;
  settings.first = first.value;
  settings.reconnect = reconnect.checked;
  remember(settings);
  connect();
});
endpoint.addEventListener("input", () => endpoint.setCustomValidity(""));
reconnectButton.addEventListener("click", () => {
  showSettings();
  connect();
});
byId("ping", HTMLButtonElement).addEventListener("click", () => void ask("ping"));
byId("list", HTMLButtonElement).addEventListener("click", () => void ask("tools/list"));
byId("copy-curl", HTMLButtonElement).addEventListener("click", () => void copyCurl());

new PathPanel(targetUrl);
showSettings();
reconnectButton.hidden = !isKnown;
showState({ phase: "idle" });
setInterval(tick, TICK_MS);
