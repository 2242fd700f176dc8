/** The user and the password of a URL within a text (RFC 3986, section 3.2.1). */
const USER_REGEXP = /(:\/\/)[^/?#\s"]*@/g;

/** A text without the users and passwords of the URLs in it, to be shown. */
export function withoutCredentials(text: string): string {
  return text.replace(USER_REGEXP, "$1…@");
}
