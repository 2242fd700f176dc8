/**
 * Testing an app: a client of any era in memory, time that can be moved, a check that nothing is
 * left, and clients that misbehave.
 *
 * @module
 */
export type { Answers, ElicitAnswer, ElicitQuestion } from "./testing/answers.ts";
export { TestClient, testClient } from "./testing/client.ts";
export type {
  Era,
  ListName,
  LogMessage,
  Progress,
  RequestOptions,
  TestClientOptions,
} from "./testing/client_types.ts";
export { FaultyClient, type FaultyClientOptions } from "./testing/faulty_client.ts";
export { assertNothingLeft } from "./testing/leftovers.ts";
export { type TestDialect } from "./testing/open_channel.ts";
export { RawSocket, type SocketEnd, type Target } from "./testing/raw_socket.ts";
export { RpcError } from "./testing/rpc_error.ts";
export { TestTime } from "./testing/test_time.ts";
