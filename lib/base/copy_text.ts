/**
 * Copies the beginning of a text. V8 implements a slice as a reference to the whole text, so
 * keeping a slice of a hundred characters can keep megabytes.
 *
 * @param maxLength in characters
 */
export function copyText(text: string, maxLength: number): string {
  return JSON.parse(JSON.stringify(text.slice(0, maxLength)));
}
