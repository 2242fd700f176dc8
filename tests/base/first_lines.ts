/** Logs before LogTape is there, and as soon as it is; prints what was written by then. */
import { configureLog, flushLog, loadLogTape, logFor } from "../../lib/base/log.ts";

const lines: string[] = [];
configureLog({ level: "info", format: "text", write: (line) => void lines.push(String(line)) });
const log = logFor("test");
log.debug("Not wanted");
const isAsked = !log.enabled("debug") && log.enabled("info");
log.info("First");
void loadLogTape().then(() => log.info("Third"));
log.info("Second", { waited: lines.length === 0 });
await flushLog();
await Promise.resolve();
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ isAsked, lines })));
