#!/usr/bin/env bash
# A PostgreSQL server of its own, in a folder of its own, for as long as a command runs.
#
#   postgres.sh run COMMAND...   starts a server, runs the command, and ends the server
#   postgres.sh start | stop | kill   what the command does to the server while it runs
#
# The command finds TRUNKLINE_POSTGRES_URL (a Unix socket), and in TRUNKLINE_POSTGRES_FOLDER the file tls.url (TCP with
# TLS and a password), password and root.pem. Debian's package postgresql has all that it takes, openssl makes the keys.
set -euo pipefail

programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$programs" ] || { echo 'SKIPPED: no PostgreSQL server here: apt-get install postgresql'; exit 77; }

# The server does not run as root.
as_owner() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

control() {
  as_owner "$programs/pg_ctl" -D "$TRUNKLINE_POSTGRES_FOLDER/data" -l "$TRUNKLINE_POSTGRES_FOLDER/log" -w -t 30 "$@" \
    >/dev/null
}

certificates() {
  local folder=$1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=root of a test' \
    -keyout "$folder/root.key" -out "$folder/root.pem"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=localhost' \
    -keyout "$folder/server.key" -out "$folder/server.csr"
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/root.pem" -CAkey "$folder/root.key" -CAcreateserial -days 2 \
    -extfile <(echo 'subjectAltName = DNS:localhost') -out "$folder/server.pem"
}

make() {
  local folder=$1 port=$2
  certificates "$folder" 2>/dev/null
  printf 'of-a-test' >"$folder/password"
  chmod 600 "$folder/password" "$folder/server.key"
  chmod 755 "$folder"
  mkdir "$folder/data" "$folder/socket"
  [ "$(id -u)" != 0 ] || chown -R postgres "$folder/data" "$folder/socket" "$folder/server.key" "$folder"
  as_owner "$programs/initdb" -D "$folder/data" -U trunkline -E UTF8 --locale=C --pwfile="$folder/password" \
    --auth-local=trust --auth-host=scram-sha-256 >/dev/null
  cat >>"$folder/data/postgresql.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder/socket'
ssl = on
ssl_cert_file = '$folder/server.pem'
ssl_key_file = '$folder/server.key'
CONF
  [ "$(id -u)" != 0 ] || chown root "$folder/password"
  echo "postgresql://trunkline@localhost:$port/postgres?sslmode=verify-full" >"$folder/tls.url"
}

run() {
  local port
  TRUNKLINE_POSTGRES_FOLDER=$(mktemp -d)
  trap 'control -m immediate stop || true; rm -rf "$TRUNKLINE_POSTGRES_FOLDER"' EXIT
  port=$((20000 + RANDOM % 10000))
  make "$TRUNKLINE_POSTGRES_FOLDER" "$port"
  control start
  export TRUNKLINE_POSTGRES_FOLDER
  export TRUNKLINE_POSTGRES_URL="postgresql:///postgres?user=trunkline&port=$port&host=$TRUNKLINE_POSTGRES_FOLDER/socket"
  "$@"
}

verb=${1:?run, start, stop or kill}
shift
case $verb in
  run) run "$@" ;;
  start) control start ;;
  stop) control -m fast stop ;;
  kill) control -m immediate stop ;;
  *) echo "$verb: wanted is run, start, stop or kill" >&2; exit 2 ;;
esac
