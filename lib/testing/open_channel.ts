import { eraOf } from "../wire/protocol_versions.ts";
import type { Channel, ChannelOptions } from "./channel.ts";
import { ModernChannel } from "./modern_channel.ts";
import { PipeChannel } from "./pipe_channel.ts";
import { SessionChannel } from "./session_channel.ts";
import { openHttpSse, openPlain, StreamChannel } from "./stream_channel.ts";

/** Ways to connect besides MCP over HTTP. */
export type TestDialect = "plain" | "stdio";

/**
 * Connects by a dialect, or else as the revision does over HTTP.
 *
 * @throws {TypeError} for a revision that the dialect does not speak
 */
export async function openChannel(
  dialect: TestDialect | undefined,
  options: ChannelOptions,
): Promise<Channel> {
  const { version } = options;
  if (dialect === "stdio") return await PipeChannel.open(options);
  const isModern = eraOf(version) === "modern";
  if (dialect === "plain") {
    if (isModern) throw new TypeError(`The plain dialect does not speak ${version}`);
    return await StreamChannel.open(options, openPlain);
  }
  if (isModern) return new ModernChannel(options);
  return version === "2024-11-05"
    ? await StreamChannel.open(options, openHttpSse)
    : await SessionChannel.open(options);
}
