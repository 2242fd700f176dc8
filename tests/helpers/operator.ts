/**
 * The operator of servers that tests start as processes.
 *
 * @module
 */

/** What those servers are given as `MCP_ADMIN_TOKEN`. */
export const OPERATOR_TOKEN = "the-token-of-the-operator-of-tests";

/** What the operator sends with each request. */
export const OPERATOR_HEADERS = { authorization: `Bearer ${OPERATOR_TOKEN}` } as const;
