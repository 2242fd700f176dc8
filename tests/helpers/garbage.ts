import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const collect: () => void = vm.runInNewContext("gc");
/** What a turn of the event loop has looked at lives until its end. */
const TURNS = 3;

/** Frees everything that nothing refers to. */
export async function collectGarbage(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    collect();
  }
}
