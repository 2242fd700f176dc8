import { MemoryEventStore } from "../../lib/store/memory_event_store.ts";
import { LaterStore } from "../helpers/later_store.ts";
import { testEventStore } from "./contract.ts";

testEventStore("a store that answers later", (limits) => {
  let now = 0;
  return {
    store: new LaterStore(new MemoryEventStore(limits, () => now)),
    advance: (ms) => {
      now += ms;
    },
  };
});
