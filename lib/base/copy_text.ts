/**
 * The beginning of a text, as a text of its own: V8 makes a slice out of a reference to the whole,
 * and so a hundred characters that are kept would keep megabytes.
 *
 * @param maxLength in characters
 */
export function copyText(text: string, maxLength: number): string {
  return JSON.parse(JSON.stringify(text.slice(0, maxLength)));
}
