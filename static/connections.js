/**
 * The connection view: asks the server every two seconds and shows the changes.
 *
 * @module
 */
import { LedgerClient, LedgerRefusal } from "./client/ledger_client.js";
import { LedgerHistory } from "./client/ledger_history.js";
import { Poller } from "./client/poller.js";
import { showBadge } from "./shared/badge.js";
import { formatBytes, formatNumber } from "./shared/formats.js";
import { takeLinkToken } from "./shared/link_token.js";
import { readStored, store } from "./shared/storage.js";
import { ConnectionList } from "./ui/connection_list.js";
import { byId } from "./ui/dom.js";
import { HistoryCharts } from "./ui/history_charts.js";
import { InstanceList } from "./ui/instance_list.js";
import { RecentLists } from "./ui/recent_lists.js";
import { ServerList } from "./ui/server_list.js";

/** @typedef {import("./client/ledger_client.js").LedgerView} LedgerView */

const EVERY_MS = 2_000;
const TOKEN_KEY = "lifeline.admin-token";

const badge = byId("view-badge", HTMLElement);
const pause = byId("view-pause", HTMLButtonElement);
const trouble = byId("view-trouble", HTMLElement);
const tokenCard = byId("token-card", HTMLElement);
const tokenField = byId("token", HTMLInputElement);
const outcome = byId("list-outcome", HTMLElement);
const serversOutcome = byId("servers-outcome", HTMLElement);

const client = new LedgerClient(new URL("mcp/connections", document.baseURI).href);
const history = new LedgerHistory();
const charts = new HistoryCharts();
const recent = new RecentLists();
const instances = new InstanceList();
const servers = new ServerList(restart);
const poller = new Poller(look, EVERY_MS);
const list = new ConnectionList({
  onQuery: () => void poller.now(),
  onDisconnect: disconnect,
  onEndPrincipal: endPrincipal,
});

async function look() {
  const { query } = list;
  const { token } = client;
  try {
    show(await client.look(query), query);
  } catch (error) {
    if (token === client.token) showTrouble(error);
  }
}

/** @param {LedgerView} ledger @param {import("./client/ledger_client.js").Query} query */
function show(ledger, query) {
  const now = Date.now();
  trouble.hidden = true;
  tokenCard.hidden = true;
  byId("open-to-all", HTMLElement).hidden = ledger.is_open_to_all !== true;
  byId("view", HTMLElement).hidden = false;
  showState();
  showFacts(ledger);
  instances.show(ledger);
  history.add(ledger, now);
  charts.show(history, now);
  list.show(ledger, query);
  servers.show(ledger);
  recent.show(ledger);
}

/** @param {LedgerView} ledger */
function showFacts({ open, opened, closed, refused, queued_bytes, heap_used_bytes }) {
  const facts = {
    "fact-open": formatNumber(open),
    "fact-opened": formatNumber(opened),
    "fact-closed": formatNumber(sumOf(closed)),
    "fact-refused": formatNumber(sumOf(refused)),
    "fact-queued": formatBytes(queued_bytes),
    "fact-heap": formatBytes(heap_used_bytes),
  };
  for (const [id, text] of Object.entries(facts)) {
    const fact = document.getElementById(id);
    if (fact !== null && fact.textContent !== text) fact.textContent = text;
  }
}

/** @param {unknown} error */
function showTrouble(error) {
  if (error instanceof LedgerRefusal && error.status === 401) return askForToken();
  const isRefused = error instanceof LedgerRefusal;
  showBadge(badge, "bad", isRefused ? `refused: ${error.status}` : "no answer");
  const text = isRefused
    ? error.message
    : "The server does not answer. You see its last answer. This page keeps asking.";
  if (trouble.textContent !== text) trouble.textContent = text;
  trouble.hidden = false;
}

function askForToken() {
  poller.stop();
  if (client.token !== undefined) tokenField.setCustomValidity("This is not the token");
  byId("view", HTMLElement).hidden = true;
  tokenCard.hidden = false;
  trouble.hidden = true;
  showBadge(badge, "warn", "token needed");
  if (client.token === undefined) tokenField.focus();
  else tokenField.reportValidity();
}

function showState() {
  if (poller.isOn) showBadge(badge, "ok", "live");
  else showBadge(badge, "warn", "paused");
}

/** @param {string} id */
function disconnect(id) {
  return end(
    id,
    async () => await client.disconnect(id) ? `Disconnected ${id}.` : `${id} had ended already.`,
  );
}

/** @param {string} principal */
function endPrincipal(principal) {
  return end(principal, async () => {
    const { streams, sessions, silent_instances = [] } = await client.endPrincipal(principal);
    const told = `Ended ${streams} streams and ${sessions} sessions of ${principal}.`;
    return silent_instances.length === 0
      ? told
      : `${told} No answer from ${silent_instances.join(", ")}: try again.`;
  });
}

/** @param {string} child */
async function restart(child) {
  try {
    const isRestarted = await client.restart(child);
    serversOutcome.textContent = isRestarted ? `Restarted ${child}.` : `${child} has gone.`;
    await poller.now();
  } catch (error) {
    serversOutcome.textContent = `Could not restart ${child}.`;
    showTrouble(error);
  }
}

/** @param {string} what is ended @param {() => Promise<string>} act ends it, and says how it went */
async function end(what, act) {
  try {
    outcome.textContent = await act();
    const focused = document.activeElement;
    await poller.now();
    // When the last row goes, so does its button, and the focus is lost.
    if (focused !== document.activeElement && document.activeElement === document.body) {
      byId("filter", HTMLInputElement).focus({ preventScroll: true });
    }
  } catch (error) {
    outcome.textContent = `Could not end ${what}.`;
    showTrouble(error);
  }
}

/** Looks with a token from now on; the tab keeps it. @param {string | undefined} token */
function useToken(token) {
  client.token = token;
  if (token !== undefined) store("sessionStorage", TOKEN_KEY, token);
  tokenField.setCustomValidity("");
  pause.setAttribute("aria-pressed", "false");
  poller.start();
}

function useLinkToken() {
  const token = takeLinkToken();
  if (token !== undefined) useToken(token);
}

/** @param {Record<string, number>} counts */
function sumOf(counts) {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

byId("token-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(tokenField.value.trim());
});
tokenField.addEventListener("input", () => tokenField.setCustomValidity(""));
pause.addEventListener("click", () => {
  const isPaused = poller.isOn;
  pause.setAttribute("aria-pressed", String(isPaused));
  if (isPaused) poller.stop();
  else poller.start();
  if (!byId("view", HTMLElement).hidden) showState();
});

// Somebody may paste the link where the page is open already.
addEventListener("hashchange", useLinkToken);
useToken(takeLinkToken() ?? readStored("sessionStorage", TOKEN_KEY));
