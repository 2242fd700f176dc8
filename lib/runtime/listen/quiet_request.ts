import { IncomingMessage } from "node:http";

/**
 * A request that ends without an error when its client leaves. `node:http` makes an error for each
 * request that it drops, and writes its stack, which takes longer than a call.
 */
export class QuietRequest extends IncomingMessage {
  override destroy(): this {
    return super.destroy();
  }
}
