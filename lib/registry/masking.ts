/**
 * The words that stand for a message which is hidden from the client.
 *
 * @module
 */

/** A short text that finds one log line. */
export function newReference(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** The text that replaces a masked message. */
export function maskedText(what: string, reference: string): string {
  return `${what}; the log of the server says why (reference ${reference})`;
}
