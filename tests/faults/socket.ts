/** The raw socket of the kit, which `lib/testing.ts` exports too. */
export { RawSocket, type SocketEnd, type Target } from "../../lib/testing/raw_socket.ts";
