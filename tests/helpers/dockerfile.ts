/**
 * Reading a Dockerfile, as far as this project's goes.
 *
 * @module
 */
import { assert } from "@std/assert";

/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In capitals, such as `COPY`. */
  readonly word: string;
  /** The text after the instruction's word, with continued lines joined. */
  readonly text: string;
}

/** The instructions of a Dockerfile, comments left out. */
export function parseDockerfile(text: string): Instruction[] {
  return text.replaceAll(/^\s*#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, word = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return { word, text: rest };
    });
}

/** All that the ENV of a Dockerfile says. */
export function envOf(instructions: readonly Instruction[]): Record<string, string> {
  const pairs = instructions.filter(({ word }) => word === "ENV")
    .flatMap(({ text }) => text.split(" ")).map((pair) => pair.split("="));
  return Object.fromEntries(pairs);
}

/** The text of the only instruction with this word. */
export function only(instructions: readonly Instruction[], word: string): string {
  const [found, ...others] = instructions.filter((one) => one.word === word);
  assert(found !== undefined && others.length === 0, `one ${word}`);
  return found.text;
}

/** The words of a command that is a list: the form without a shell. */
export function parseCommand(text: string): string[] {
  const list = /\[.*\]$/.exec(text)?.[0];
  assert(list !== undefined, `a list: ${text}`);
  return JSON.parse(list);
}
