#!/usr/bin/env bash
# The loopback of the namespace, then a command: run.sh starts it.
set -euo pipefail
PATH=$PATH:/usr/sbin
ip link set lo up
# Peers that send from whatever address the kernel likes send from the one that they name (see appliance.py).
ip route add local 127.0.0.10 dev lo src 127.0.0.21 table local
ip route add local 127.0.0.11 dev lo src 127.0.0.21 table local
ip route add local 127.0.0.12 dev lo src 127.0.0.31 table local
exec "$@"
