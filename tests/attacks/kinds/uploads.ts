/**
 * Bodies that do not end.
 *
 * @module
 */
import { type Attack, ATTACKER, crowdAddress, type Force } from "../attack.ts";
import { BIG, pause } from "../requests.ts";

const HEAD = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const BLOCK = 64 * 1024;
const CHUNK = `${BLOCK.toString(16)}\r\n${" ".repeat(BLOCK)}\r\n`;
const MOST = new Uint8Array(BIG).fill(0x20);

/** Declares a little more than it sends, and stays. */
const stall = (path: string, from: (n: number) => string, headers = "") => async (force: Force) => {
  const head = HEAD.replace("/mcp", path);
  const socket = await force.sendRaw(
    `${head}${headers}Content-Length: ${BIG + 10}\r\n\r\n`,
    from(force.sent),
  );
  socket?.write(MOST);
  await socket?.flushed();
};

/** Sends chunk after chunk up to the limit, then one byte now and then. */
const grow = (from: (n: number) => string) => async (force: Force) => {
  const socket = await force.sendRaw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, from(force.sent));
  for (let bytes = 0; bytes < BIG - BLOCK && !force.isOver; bytes += BLOCK) {
    socket?.write(CHUNK);
  }
  await socket?.flushed();
};

const oneAddress = () => ATTACKER;

export const UPLOADS: readonly Attack[] = [
  { name: "uploads: 4 MB that stall", lanes: 8, strike: stall("/mcp", oneAddress) },
  {
    name: "uploads: 4 MB that stall, of a crowd",
    lanes: 8,
    strike: stall("/mcp", crowdAddress),
  },
  {
    name: "uploads: 4 MB that stall, into no session",
    lanes: 8,
    strike: stall("/mcp", crowdAddress, "Mcp-Session-Id: none\r\n"),
  },
  {
    name: "uploads: 4 MB that stall, where nothing takes a body",
    lanes: 8,
    strike: stall("/healthz", crowdAddress),
  },
  { name: "uploads: chunks that grow", lanes: 8, strike: grow(oneAddress) },
  { name: "uploads: chunks that grow, of a crowd", lanes: 8, strike: grow(crowdAddress) },
  {
    name: "uploads: bodies of one byte at a time",
    lanes: 8,
    strike: async (force) => {
      const socket = await force.sendRaw(`${HEAD}Content-Length: 1000\r\n\r\n`);
      const dripping = setInterval(() => socket?.write(" "), 500);
      void socket?.ended.then(() => clearInterval(dripping));
      await pause(10);
    },
  },
];
