/** An error that the server answered with. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  /** The JSON-RPC code. */
  readonly code: number;
  readonly data: unknown;

  constructor({ code, message, data }: { code: number; message: string; data?: unknown }) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
