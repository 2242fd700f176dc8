/**
 * A report of the path doctor for people and for machines.
 *
 * @module
 */
import type { Report } from "./engine/examine.js";
import type { Finding } from "./engine/findings.js";
import { rowsOf } from "./engine/table.js";

const WIDTH = 100;
const MARKS = { good: "✓", bad: "✗", plain: " " } as const;

/** The report as a table and a list of findings. */
export function reportText(report: Report): string {
  const rows = rowsOf(report);
  const width = Math.max(...rows.map(({ name }) => name.length));
  return [
    `Path to ${report.url}`,
    "",
    ...rows.map(({ name, value, tone }) => `  ${MARKS[tone]} ${name.padEnd(width)}  ${value}`),
    "",
    verdictText(report),
    ...report.findings.flatMap(findingLines),
  ].map(printable).join("\n");
}

/** Text from servers and proxies, without control characters that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, "\ufffd");
}

/** The report as JSON, its members in snake case as everywhere in Lifeline's HTTP interface. */
export function reportJson(report: Report): string {
  return JSON.stringify(inSnakeCase(report), undefined, 2);
}

/** The verdict in one line. */
export function verdictText({ verdict, findings }: Report): string {
  if (verdict === "ok") return "All is well: event streams get through.";
  if (verdict === "unreachable") return "Unreachable: nothing could be measured.";
  const count = findings.filter(({ level }) => level === "problem").length;
  return count === 1 ? "1 problem:" : `${count} problems:`;
}

function findingLines({ level, title, evidence, fixes }: Finding): string[] {
  const who = Math.max(0, ...fixes.map((fix) => fix.who.length));
  return [
    "",
    `${level === "problem" ? "✗" : "·"} ${title}`,
    ...wrapped(evidence, 2),
    ...fixes.flatMap((fix) => {
      const [first = "", ...rest] = wrapped(fix.what, 8 + who);
      return [`  → ${fix.who.padEnd(who)}    ${first.trimStart()}`, ...rest];
    }),
  ];
}

function wrapped(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => " ".repeat(indent) + one);
}

function inSnakeCase(value: unknown): unknown {
  if (value instanceof Headers) return undefined;
  if (value instanceof Error) return inSnakeCase({ ...value, message: value.message });
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value === "number") return Math.round(value * 10) / 10;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [snakeCase(name), inSnakeCase(member)]),
  );
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
