import { CallAborted } from "../../base/errors.ts";
import type { InFlight } from "../in_flight.ts";
import { isObject } from "../../wire/json_rpc.ts";
import { NOTIFICATIONS } from "../../wire/methods.ts";
import type { NotificationHandler } from "./table.ts";

/** Ids that are unknown or malformed are ignored (2025-11-25, utilities/cancellation). */
const cancelled: NotificationHandler = ({ params }, { inFlight }) => cancelCall(params, inFlight);

/** Stops the call that a notification of its client names. */
export function cancelCall(params: unknown, inFlight: InFlight): void {
  const { requestId, reason } = isObject(params) ? params : {};
  if (typeof requestId !== "string" && typeof requestId !== "number") return;
  const why = typeof reason === "string" ? `: ${reason}` : "";
  inFlight.cancel(requestId, new CallAborted("cancelled", `Cancelled by the client${why}`));
}

/** The notifications that every revision takes. */
export const NOTIFICATION_HANDLERS: ReadonlyMap<string, NotificationHandler> = new Map([
  [NOTIFICATIONS.cancelled, cancelled],
]);
