/**
 * The test page: connects its forms and buttons to the session, and the session to its views.
 *
 * @module
 */
import { dialectOf } from "./client/dialects/mod.js";
import { listAll } from "./client/list_all.js";
import { Session } from "./client/session.js";
import { ConnectionForm, defaultEndpoint } from "./ui/connection_form.js";
import { CurlPanel } from "./ui/curl_panel.js";
import { byId, setEnabled } from "./ui/dom.js";
import { EventLog } from "./ui/event_log.js";
import { PathPanel } from "./ui/path_panel.js";
import { PingChart } from "./ui/ping_chart.js";
import { PromptsPanel } from "./ui/prompts_panel.js";
import { QuestionPanel } from "./ui/question_panel.js";
import { ResourcesPanel } from "./ui/resources_panel.js";
import { ResultView } from "./ui/result_view.js";
import { RunningCalls } from "./ui/running_calls.js";
import { recall, remember } from "./ui/settings.js";
import { SignInPanel } from "./ui/sign_in_panel.js";
import { StateBadge } from "./ui/state_badge.js";
import { ToolsPanel } from "./ui/tools_panel.js";

const TICK_MS = 250;
/** Text of the first button. */
const BUTTON_TEXT = {
  idle: "Connect",
  connecting: "Stop",
  open: "Disconnect",
  closing: "Disconnect",
  closed: "Stop trying",
};

const connectButton = byId("connect", HTMLButtonElement);
const reconnectButton = byId("reconnect", HTMLButtonElement);
const target = byId("target", HTMLDetailsElement);

const log = new EventLog();
const chart = new PingChart();
const badge = new StateBadge();
const result = new ResultView();
const curl = new CurlPanel();
const questions = new QuestionPanel();
const running = new RunningCalls((id) => session.cancel(id));
const { settings, isKnown } = recall({
  dialect: "plain",
  endpoint: defaultEndpoint(dialectOf("plain").path),
  first: "tools/list",
  reconnect: false,
  tool: "",
  args: {},
});
const form = new ConnectionForm(settings);
const signIn = new SignInPanel(formUrl);

const session = new Session({
  onState: showState,
  onEntry: (entry) => log.add(entry),
  onRequest: (request) => curl.show(request),
  onFirstCall: (call) => void showAnswer(call),
  onPing: (ping) => {
    chart.add(ping);
    beat();
  },
  onQuestion: (question, signal) => questions.ask(question, signal),
});

const tools = new ToolsPanel({
  argsOf: (name) => settings.args[name],
  onCall: (name, args) => void callTool(name, args),
});
const resources = new ResourcesPanel((uri) => void ask("resources/read", { uri }, uri));
const prompts = new PromptsPanel((name, args) =>
  void ask("prompts/get", { name, arguments: args }, name)
);

/** @param {import("./client/session.js").State} state */
function showState(state) {
  badge.show(state);
  const { isOver } = session;
  connectButton.textContent = isOver ? BUTTON_TEXT.idle : BUTTON_TEXT[state.phase];
  connectButton.classList.toggle("primary", isOver);
  for (const button of document.querySelectorAll("[data-needs-connection]")) {
    if (button instanceof HTMLElement) setEnabled(button, state.phase === "open");
  }
  // The settings cannot be changed while connected, so they make room.
  if (state.phase === "open") target.open = false;
  if (isOver) target.open = true;
  if (state.phase === "connecting") chart.clear();
  tick();
}

/** The endpoint as the form has it; undefined where the page may not ask it. */
function formUrl() {
  form.save();
  remember(settings);
  return form.url;
}

function connect() {
  const where = form.target(signIn.credential);
  if (where === undefined) return;
  reconnectButton.hidden = false;
  session.connect(where);
}

/** @param {string} method @param {object} [params] @param {string} [title] */
function ask(method, params, title) {
  return showAnswer(session.request({ method, params }), title);
}

/** @param {import("./client/calls.js").Call} call @param {string} [title] */
async function showAnswer({ method, startedAt, result: answer }, title = method) {
  await showOutcome(title, startedAt, answer);
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
    tools.setTools(await listAll(pageOf("tools/list"), "tools", firstPage), settings.tool);
  } catch {
    // The result panel shows the error.
  }
}

async function listResources() {
  const first = session.request({ method: "resources/list" });
  void showAnswer(first);
  try {
    const [found, templates] = await Promise.all([
      listAll(pageOf("resources/list"), "resources", first.result),
      listAll(pageOf("resources/templates/list"), "resourceTemplates"),
    ]);
    resources.show(found, templates);
  } catch {
    // The result panel shows the error.
  }
}

async function listPrompts() {
  const first = session.request({ method: "prompts/list" });
  void showAnswer(first);
  try {
    prompts.show(await listAll(pageOf("prompts/list"), "prompts", first.result));
  } catch {
    // The result panel shows the error.
  }
}

/** Asks for one page of a list. @param {string} method */
function pageOf(method) {
  return (/** @type {object | undefined} */ params) => session.request({ method, params }).result;
}

/** The logo beats with each ping. */
function beat() {
  const logo = byId("logo", SVGSVGElement);
  logo.classList.remove("beat");
  // Reading a measure restarts the animation.
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
  form.save();
  remember(settings);
  connect();
});
reconnectButton.addEventListener("click", () => {
  form.show();
  connect();
});
/** @type {[string, () => unknown][]} */
const ACTIONS = [
  ["ping", () => ask("ping")],
  ["list", () => ask("tools/list")],
  ["list-resources", listResources],
  ["list-prompts", listPrompts],
];
for (const [id, act] of ACTIONS) {
  byId(id, HTMLButtonElement).addEventListener("click", () => void act());
}

new PathPanel(formUrl, () => signIn.credential);
reconnectButton.hidden = !isKnown;
showState({ phase: "idle" });
setInterval(tick, TICK_MS);
