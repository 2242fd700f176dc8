/**
 * The operator of servers that tests start as processes.
 *
 * @module
 */

/** The value of `MCP_ADMIN_TOKEN` on those servers. */
export const OPERATOR_TOKEN = "the-token-of-the-operator-of-tests";

/** The operator's headers of each request. */
export const OPERATOR_HEADERS = { authorization: `Bearer ${OPERATOR_TOKEN}` } as const;
