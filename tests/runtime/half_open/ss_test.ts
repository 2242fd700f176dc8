import { assertEquals } from "@std/assert";
import {
  owingSockets,
  parseSocket,
  socketName,
  ssArgs,
} from "../../../lib/runtime/half_open/ss.ts";

// Captured with iproute2 6.1; the dead peer between two namespaces, its link down for 3 s.
const HEALTHY =
  "0      0      10.213.0.1:9000 10.213.0.2:37576 bbr wscale:10,10 rto:204 rtt:0.041/0.026 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 cwnd:13 bytes_sent:24 bytes_acked:24 segs_out:3 segs_in:5 data_segs_out:3 bbr:(bw:181000000bps,mrtt:0.028,pacing_gain:2.88672,cwnd_gain:2.88672) send 3672975610bps lastsnd:876 lastrcv:2972 lastack:876 pacing_rate 11823338480bps delivery_rate 181000000bps delivered:4 app_limited rcv_space:14480 rcv_ssthresh:64088 minrtt:0.028 snd_wnd:64512";
const DEAD =
  "0      24     10.213.0.1:9000 10.213.0.2:37576 bbr wscale:10,10 rto:1632 backoff:3 rtt:0.041/0.026 mss:1448 pmtu:1500 rcvmss:536 advmss:1448 cwnd:1 bytes_sent:64 bytes_retrans:32 bytes_acked:24 segs_out:8 segs_in:5 data_segs_out:8 bbr:(bw:181000000bps,mrtt:0.028,pacing_gain:2.88672,cwnd_gain:2.88672) send 282536585bps lastsnd:380 lastrcv:5164 lastack:3068 pacing_rate 11823338480bps delivery_rate 181000000bps delivered:4 app_limited busy:2068ms unacked:1 retrans:1/4 lost:1 rcv_space:14480 rcv_ssthresh:64088 notsent:16 minrtt:0.028 snd_wnd:64512";
const MAPPED =
  "0      0      [::ffff:127.0.0.1]:9077 [::ffff:127.0.0.1]:33686 bbr wscale:10,10 rto:204 rtt:0.02/0.01 mss:32768 pmtu:65535 rcvmss:536 advmss:65483 cwnd:10 segs_in:2 bbr:(bw:0bps,mrtt:0.02) send 131072000000bps lastsnd:320 lastrcv:320 lastack:320 pacing_rate 374584320000bps delivered:1 app_limited rcv_space:65483 rcv_ssthresh:65483 minrtt:0.02 snd_wnd:65536";
const IPV6 =
  "0      0                   [::1]:9077              [::1]:40844 bbr wscale:10,10 rto:204 rtt:0.01/0.005 mss:32768 pmtu:65536 rcvmss:536 advmss:65464 cwnd:10 segs_in:2 bbr:(bw:0bps,mrtt:0.01) send 262144000000bps lastsnd:320 lastrcv:320 lastack:320 pacing_rate 749168640000bps delivered:1 app_limited rcv_space:65464 rcv_ssthresh:65464 minrtt:0.01 snd_wnd:65536";

Deno.test("`parseSocket()` reads a healthy socket and a dead one", () => {
  const peer = "10.213.0.2:37576";
  assertEquals(parseSocket(HEALTHY), {
    peer,
    hasUnacked: false,
    silentMs: 876,
    retransmitMs: 204,
  });
  assertEquals(parseSocket(DEAD), { peer, hasUnacked: true, silentMs: 3_068, retransmitMs: 204 });
});

Deno.test("`parseSocket()` reads IPv6, IPv4-mapped and link-local addresses", () => {
  assertEquals(parseSocket(IPV6)?.peer, "::1:40844");
  assertEquals(parseSocket(MAPPED)?.peer, "127.0.0.1:33686");
  const local = IPV6.replaceAll("[::1]", "[fe80::42:ACff:fe11:2]%eth0");
  assertEquals(parseSocket(local)?.peer, "fe80::42:acff:fe11:2:40844");
  const bound = HEALTHY.replace("10.213.0.1:", "10.213.0.1%eth0:");
  assertEquals(parseSocket(bound)?.peer, "10.213.0.2:37576");
});

Deno.test("`parseSocket()` takes a column for the state, and brackets left out", () => {
  for (const state of ["ESTAB ", "CLOSE-WAIT ", "  ESTAB      "]) {
    assertEquals(parseSocket(state + DEAD), parseSocket(DEAD), state);
  }
  assertEquals(parseSocket(MAPPED.replaceAll(/[[\]]/g, "")), parseSocket(MAPPED));
});

Deno.test("`parseSocket()` holds nothing against a socket without figures", () => {
  assertEquals(parseSocket("0  24  10.213.0.1:9000  10.213.0.2:37576 "), {
    peer: "10.213.0.2:37576",
    hasUnacked: false,
    silentMs: 0,
    retransmitMs: 0,
  });
});

Deno.test("`parseSocket()` counts a peer that still sends as heard of", () => {
  assertEquals(parseSocket(DEAD.replace("lastrcv:5164", "lastrcv:16"))?.silentMs, 16);
  assertEquals(parseSocket(DEAD.replace("lastrcv:5164 ", ""))?.silentMs, 0);
});

Deno.test("`parseSocket()` does not count bytes that were never sent: their reader has stopped", () => {
  const stopped = DEAD.replace("unacked:1 ", "").replace("backoff:3", "backoff:5");
  assertEquals(parseSocket(stopped)?.hasUnacked, false);
});

Deno.test("`parseSocket()` leaves alone what is no socket", () => {
  const others = [
    "",
    " ",
    "Recv-Q Send-Q Local Address:Port Peer Address:Port Process",
    "Error: an inet prefix is expected",
    "0 0 *:9000 *:*",
    "\t bbr wscale:10,10 unacked:1 lastack:9999",
  ];
  for (const line of others) assertEquals(parseSocket(line), undefined, line);
});

Deno.test("`owingSockets()` gives those with bytes to acknowledge", () => {
  const owing = [...owingSockets([HEALTHY, DEAD, "", MAPPED, IPV6, " unacked:1"])];
  assertEquals(owing.map(({ peer }) => peer), ["10.213.0.2:37576"]);
});

Deno.test("`socketName()` gives one name to one address, however it is written", () => {
  const names = ["10.0.0.1", "::ffff:10.0.0.1", "[::FFFF:10.0.0.1]", "10.0.0.1%eth0"]
    .map((address) => socketName(address, 80));
  assertEquals(new Set(names), new Set(["10.0.0.1:80"]));
  assertEquals(socketName("[fe80::1]%eth0", 80), "fe80::1:80");
  assertEquals(socketName("2001:db8::ffff:1", 80), "2001:db8::ffff:1:80");
});

Deno.test("`ssArgs()` asks for one port's sockets alone", () => {
  assertEquals(ssArgs(8000).join(" "), "-tinOH state established sport = :8000");
});
