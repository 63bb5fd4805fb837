#!/usr/bin/env bash
# Relays media with every driver between two network namespaces of its own; loadgen judges each packet.
#
#   tools/deploy/lab/media.sh [DRIVER ...]      as root, after cargo build --release -p tools -p loadgen
#
# Prints a line for each check and, at the end, how many held. Takes about a minute. It touches nothing outside of the
# namespaces `trunkline-node` and `trunkline-peer`, which it makes and removes.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

drivers=(mmsg uring-sockets uring-sklookup afxdp)
[ $# -gt 0 ] && drivers=("$@")
trunkline=${TRUNKLINE:-target/release/trunkline}
loadgen=${LOADGEN:-target/release/loadgen}
work=$(mktemp -d)
socket=$work/media.sock
node=''
passed=0 failed=0

[ "$(id -u)" = 0 ] || { echo 'SKIPPED: not root: namespaces and drivers need it'; exit 77; }

in_node() { ip netns exec trunkline-node "$@"; }
in_peer() { ip netns exec trunkline-peer "$@"; }

down() {
  [ -n "$node" ] && kill "$node" 2>/dev/null && wait "$node" 2>/dev/null
  node=''
  ip netns del trunkline-node 2>/dev/null
  ip netns del trunkline-peer 2>/dev/null
}
trap 'down; rm -rf "$work"' EXIT

# Two namespaces, and a cable of two queues between them.
up() {
  down
  ip netns add trunkline-node && ip netns add trunkline-peer || return 1
  ip link add peer numtxqueues 2 numrxqueues 2 netns trunkline-peer type veth \
    peer name node numtxqueues 2 numrxqueues 2 netns trunkline-node || return 1
  ip -n trunkline-node link set lo up && ip -n trunkline-peer link set lo up
  ip -n trunkline-node addr add 10.77.0.1/24 dev node && ip -n trunkline-peer addr add 10.77.0.2/24 dev peer
  ip -n trunkline-node addr add fd77::1/64 dev node nodad && ip -n trunkline-peer addr add fd77::2/64 dev peer nodad
  ip -n trunkline-node link set node up && ip -n trunkline-peer link set peer up
}

# start DRIVER ARGUMENT...: a media process in its namespace, ready to serve.
start() {
  local driver=$1
  shift
  : >"$work/log"
  ip netns exec trunkline-node "$trunkline" media --realm v4=10.77.0.1:20000-59999 --realm v6=[fd77::1]:20000-59999 \
    --interface node --driver "$driver" --require-driver --control "$socket" "$@" >"$work/log" 2>&1 &
  node=$!
  for _ in $(seq 100); do
    grep -q '^ready$' "$work/log" && return 0
    kill -0 "$node" 2>/dev/null || break
    sleep 0.05
  done
  sed 's/^/   /' "$work/log"
  return 1
}

stop() {
  kill "$node" 2>/dev/null && wait "$node" 2>/dev/null
  node=''
}

check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@" >"$work/check" 2>&1; then
    passed=$((passed + 1)); echo "ok    $name"
  else
    failed=$((failed + 1)); echo "FAIL  $name"; tail -n 25 "$work/check" | sed 's/^/   /'
  fi
}

offer() { # ARGUMENT...: media from the other namespace; every packet must arrive once, intact and at the right place
  in_peer "$loadgen" media --control "$socket" --flows 100 --rate 8000 --seconds 2 --late-max 60000 "$@"
}

count() { in_node "$trunkline" ctl --control "$socket" stats --json | grep -o "\"$1\":[0-9]*" | cut -d: -f2; }

books_are_right() {
  [ "$(count packets_miscounted)" = 0 ] && [ "$(count sessions)" = 0 ] &&
    [ "$(count packets_received)" = $(($(count packets_forwarded) + $(count packets_dropped))) ]
}

sessions_outlive_their_client() {
  in_node "$trunkline" ctl --control "$socket" lab-open --count 50 --peer 10.77.0.2 --first-port 10000 --realm v4 >"$work/flows" &&
    [ "$(wc -l <"$work/flows")" = 50 ] &&
    [ "$(in_node "$trunkline" ctl --control "$socket" sessions | tail -n +2 | wc -l)" = 100 ] &&
    in_node "$trunkline" ctl --control "$socket" close
}

# Opens and closes 19,000 sessions a round; the first rounds fill what is kept for later.
memory_stays_flat() {
  local before=0 after round
  for round in $(seq "${ROUNDS:-10}"); do
    in_node "$trunkline" ctl --control "$socket" lab-open --count 19000 --peer 10.77.0.2 --first-port 1024 --stride 1 \
      --realm v4 --rtcp-mux --suite AES_CM_128_HMAC_SHA1_80 >/dev/null || return 1
    in_node "$trunkline" ctl --control "$socket" close || return 1
    after=$(awk '/VmRSS/ { print $2 }' "/proc/$node/status")
    [ "$round" = 3 ] && before=$after
  done
  echo "resident: $before KB after three rounds, $after KB after ${ROUNDS:-10}"
  [ "$after" -le $((before + 1024)) ]
}

up || exit 1
for driver in "${drivers[@]}"; do
  start "$driver" --workers 1 --sessions 4096 || { failed=$((failed + 1)); echo "FAIL  $driver starts"; continue; }
  check "$driver: plain RTP over IPv4" offer --side packet --interface peer --address 10.77.0.2 --realm v4
  check "$driver: RTP and SRTP over IPv6, RTCP muxed" offer --side packet --interface peer --address fd77::2 --realm v6 \
    --suite-b AES_CM_128_HMAC_SHA1_80 --rtcp-mux
  check "$driver: SRTP and SRTP of another suite, sockets" offer --address 10.77.0.2 --realm v4 \
    --suite-a AEAD_AES_128_GCM --suite-b AES_CM_128_HMAC_SHA1_32
  check "$driver: twice as many forged packets, and not a good one lost" offer --side packet --interface peer \
    --address 10.77.0.2 --realm v4 --suite-b AES_CM_128_HMAC_SHA1_80 --forge 2 --seed 7
  check "$driver: sessions outlive their client" sessions_outlive_their_client
  check "$driver: every packet is forwarded or dropped for a reason" books_are_right
  stop
done
if start afxdp --workers 2 --cpus 0,1 --sessions 4096; then
  check 'afxdp with two workers: media of any queue reaches its worker' offer --side packet --interface peer \
    --address 10.77.0.2 --realm v4 --suite-b AES_CM_128_HMAC_SHA1_80
  check 'afxdp with two workers: every packet is accounted for' books_are_right
  stop
else
  failed=$((failed + 1)); echo 'FAIL  afxdp with two workers starts'
fi
if start uring-sklookup --workers 1 --sessions 20000 --quarantine-ms 0; then
  check 'memory stays flat, however many sessions come and go' memory_stays_flat
  check 'after the last session everything is back' books_are_right
  stop
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
