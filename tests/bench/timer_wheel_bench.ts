/** The one timer of all streams and calls. */
import { TimerEntry, TimerWheel } from "../../lib/base/timer_wheel.ts";

class Silent extends TimerEntry {
  onDue(): void {}
}

function wheelOf(count: number): TimerWheel {
  const wheel = new TimerWheel({ clock: () => 0 });
  for (let index = 0; index < count; index++) wheel.schedule(new Silent(), 1_000 + index);
  return wheel;
}

for (const count of [1, 100, 10_000]) {
  const wheel = wheelOf(count);
  const one = new Silent();
  Deno.bench(`schedule() and cancel() beside ${count}`, { group: "wheel" }, () => {
    wheel.schedule(one, 300_000);
    wheel.cancel(one);
  });
}

Deno.bench("setTimeout() and clearTimeout()", { group: "wheel", baseline: true }, () => {
  clearTimeout(setTimeout(() => {}, 300_000));
});
