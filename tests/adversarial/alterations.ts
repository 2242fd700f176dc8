import { assert } from "@std/assert";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The text with one character replaced: each of them, by its neighbour and by one at random. */
export function* alterations(text: string): Generator<string> {
  assert(text !== "", "there is nothing to alter");
  for (let index = 0; index < text.length; index++) {
    const place = ALPHABET.indexOf(text[index] ?? "");
    const other = Math.floor(Math.random() * (ALPHABET.length - 1));
    for (const step of [1, 1 + other]) {
      yield text.slice(0, index) + ALPHABET[(place + step) % ALPHABET.length] +
        text.slice(index + 1);
    }
  }
}
