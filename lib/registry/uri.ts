/** URIs as RFC 3986 has them: a scheme, then only characters that may stand in one. */

const SCHEME_REGEXP = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const URI_REGEXP =
  /^[A-Za-z][A-Za-z0-9+.-]*:(?:[\w.~:/?@!$&'()*+,;=[\]-]|%[0-9A-Fa-f]{2})*(?:#(?:[\w.~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?$/;

/** Whether a text is an absolute URI. A URL parser alone is kinder: it takes spaces and umlauts. */
export function isUri(text: string): boolean {
  return URI_REGEXP.test(text) && URL.canParse(text);
}

/** Whether a template begins with a scheme, or leaves it to a variable. */
export function hasUriScheme(template: string): boolean {
  const [literal = ""] = template.split("{", 1);
  const colon = literal.indexOf(":");
  return colon < 0 || SCHEME_REGEXP.test(literal.slice(0, colon));
}
