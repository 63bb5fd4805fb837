#!/usr/bin/env bash
# Holds signaling and media against SIPp, baresip, Kamailio, sipsak, SIPVicious, and tshark as their judge.
#
#   tools/deploy/peers/run.sh [NAME...]      after cargo build --release -p tools
#
# NAME is a peer (sipp, baresip, kamailio, sipsak, sipvicious) or a part of the title of a case. Prints a line for each
# case and, at the end, how many held. Everything runs on the loopback of a network namespace of its own, with processes
# and mounts of its own, so that nothing is left when it ends, however it ends. KEEP=folder keeps logs and captures.
set -u -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TRUNKLINE=$(realpath -m "${TRUNKLINE:-$here/../../../target/release/trunkline}")
export TRUNKLINE

skip() {
  echo "SKIPPED: $*"
  exit 77
}

missing=()
for program in sipp baresip kamailio sipsak svmap tshark dumpcap dnsmasq openssl python3 unshare ip; do
  PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || missing+=("$program")
done
[ ${#missing[@]} = 0 ] || skip "wanted ${missing[*]}, found nothing by that name; the list of packages is in .ci/run"
[ -x "$TRUNKLINE" ] || { echo "wanted $TRUNKLINE, found none; type: cargo build --release -p tools"; exit 1; }

[ "$(id -u)" = 0 ] || skip 'not root: the namespace and the capture need it'
# The first process of the namespace is its end: whatever was started in it is killed with it.
exec unshare --net --mount --pid --fork --kill-child --mount-proc \
  "$here/inside.sh" python3 -B "$here/judge.py" "$@"
