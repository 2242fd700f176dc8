const LOOPBACK_REGEXP = /^(127(\.\d+){3}|::1|::ffff:127(\.\d+){3}|localhost)$/i;

/**
 * Whether a name or an address is this machine itself.
 *
 * @param host without a port; an IPv6 address with brackets or without
 */
export function isLoopback(host: string): boolean {
  return LOOPBACK_REGEXP.test(host.replace(/^\[(.*)\]$/, "$1"));
}
