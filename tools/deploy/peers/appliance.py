"""The appliance of a case: `trunkline media` and `trunkline signaling`, as `trunkline demo` starts them."""

import collections
import json
import os
import pathlib

from process import Process, equal, output, until, wanted

TRUNKLINE = os.environ["TRUNKLINE"]
ZONE = "voiceconnector.example"
# Where everybody is. The loopback of a namespace of its own has all of 127.0.0.0/8.
NODE = "127.0.0.10"
# Media of customers and of carriers have an address each. run.sh sees to it that who does not say where it sends from
# sends to the first from PBX, and to the second from CARRIER; to NODE from PBX.
CUSTOMER_MEDIA, CARRIER_MEDIA = "127.0.0.11", "127.0.0.12"
PBX, PBX_2 = "127.0.0.21", "127.0.0.22"
CARRIER, CARRIER_2 = "127.0.0.31", "127.0.0.32"
PROXY = "127.0.0.40"
STRANGER = "127.0.0.99"
CONNECTOR = "peersconnector0000001"
HOST = f"{CONNECTOR}.{ZONE}"
# What the customer may present and be called by, and whom it calls: numbers for fiction.
OURS, THEIRS = "+12065550100", "+12065550123"

CONFIGURATION = f"""
[node]
data = "DATA"
[sip]
allow_loopback_media = true
zone = "{ZONE}"
challenge = CHALLENGE
digest = [HASHES]
[sip.tls]
pinned = [PINNED]
[[sip.listeners]]
transport = "udp"
address = "{NODE}"
[[sip.listeners]]
transport = "tcp"
address = "{NODE}"
[[sip.listeners]]
transport = "tls"
address = "{NODE}"
[media]
spawn = false
control = ["SOCKET"]
addresses = ["{CUSTOMER_MEDIA}", "{CARRIER_MEDIA}"]
customer_realm = "customers"
carrier_realm = "carriers"
[[media.realms]]
name = "customers"
address = "{CUSTOMER_MEDIA}"
ports = "20000-24999"
[[media.realms]]
name = "carriers"
address = "{CARRIER_MEDIA}"
ports = "25000-29999"
[cdr]
account_id = "123456789012"
[dns]
servers = [NAMES]
[timers]
options_interval_s = PROBES
"""


def link(host, transport="UDP", priority=1):
    name = host.replace(".", "-")
    where = f'host = "{host}", transport = "{transport}", priority = {priority}'
    return f'{{ carrier_link_id = "link-{name}", {where} }}'


def route(host, protocol="UDP", priority=1):
    return f'{{ host = "{host}", protocol = "{protocol}", priority = {priority}, weight = 1 }}'


def login(password):
    """A login with both hashes that a password makes."""
    return f'[[voice_connectors.credentials]]\nusername = "pbx"\npassword = "{password}"\n'


def provisioning(links, routes, encrypted=False, login="", sources=(PBX,)):
    """One customer with one number, and one carrier."""
    allowed = ", ".join(f'"{source}/32"' for source in sources)
    return f"""
zone = "{ZONE}"
[[carriers]]
carrier_id = "carrier"
links = [{", ".join(links)}]
[[voice_connectors]]
voice_connector_id = "{CONNECTOR}"
name = "peers"
require_encryption = {str(encrypted).lower()}
termination = {{ cidr_allowed_list = [{allowed}], calling_regions = ["US"], cps_limit = 256 }}
origination = {{ routes = [{", ".join(routes)}] }}
{login}
[[numbers]]
number = "{OURS}"
connector = "{CONNECTOR}"
carrier = "carrier"
"""


def spoken_to_from(address):
    """Whoever does not say where it sends from sends to the node from this address."""
    output(["ip", "route", "replace", "local", NODE, "dev", "lo", "src", address, "table", "local"])


class Appliance:
    """Two processes, and what they write down."""

    def __init__(
        self, folder, records, challenge=401, hashes=("MD5", "SHA-256"), probes_s=0, names=None, pinned=None
    ):
        self.folder = pathlib.Path(folder) / "appliance"
        self.data, self.socket = self.folder / "data", self.folder / "media.sock"
        self.data.mkdir(parents=True, mode=0o700)
        config = self.folder / "trunkline.toml"
        words = {
            "DATA": self.data,
            "SOCKET": self.socket,
            "CHALLENGE": challenge,
            "HASHES": ", ".join(f'"{name}"' for name in hashes),
            "PROBES": probes_s,
            "NAMES": f'"{names}"' if names else "",
            "PINNED": f'"{pinned}"' if pinned else "",
        }
        text = CONFIGURATION
        for word, value in words.items():
            text = text.replace(word, str(value))
        config.write_text(text)
        self.config = config
        provisioned = self.folder / "provisioning.toml"
        provisioned.write_text(records)
        output([TRUNKLINE, "provision", "apply", "--data", self.data, provisioned])
        self.processes = []
        self.media = self._start(
            "media",
            "--driver",
            "uring-sockets",
            "--realm",
            f"customers={CUSTOMER_MEDIA}:20000-24999",
            "--realm",
            f"carriers={CARRIER_MEDIA}:25000-29999",
            "--workers",
            "1",
            "--control",
            self.socket,
        )
        self.signaling = self._start("signaling", "--config", config)

    def _start(self, role, *words):
        process = Process(role, [TRUNKLINE, role, *words], self.folder)
        self.processes.append(process)
        return process.wait_for("ready\n")

    def root(self):
        return self.data / "tls/root.pem"

    def counters(self):
        return json.loads(output([TRUNKLINE, "ctl", "--control", self.socket, "stats", "--json"]))

    def records(self):
        folder = self.data / "cdr/Amazon-Chime-Voice-Connector-CDRs/json"
        return [
            json.loads(path.read_text()) for path in sorted(folder.rglob("*")) if path.is_file() and "_" in path.name
        ]

    def ended_as(self, *wanted_records):
        """Each attempt has left one record, and no other: pairs of status and its message."""
        count = len(wanted_records)
        until(lambda: len(self.records()) >= count)
        found = collections.Counter((record["Status"], record["StatusMessage"]) for record in self.records())
        equal("records", dict(found), dict(collections.Counter(wanted_records)))
        calls = {record["TransactionId"] for record in self.records()}
        equal("records with a number of their own", len(calls), count)

    def relayed(self, at_least):
        """So many packets went through the relay."""
        found = self.counters()["packets_forwarded"]
        wanted(found >= at_least, f"packets forwarded: wanted at least {at_least}, found {found}")

    def stop(self):
        """Ends it in order, when nothing is left of any call; the books are right until the end."""
        try:
            idle = until(lambda: self.counters()["sessions"] == 0, 5)
            counters = self.counters()
            wanted(idle, f"sessions after the last call: wanted 0, found {counters['sessions']}")
            equal("packets miscounted", counters["packets_miscounted"], 0)
            equal(
                "packets received",
                counters["packets_received"],
                counters["packets_forwarded"] + counters["packets_dropped"],
            )
            count = len(self.records())
            self.signaling.stop()
            equal("records after the end", len(self.records()), count)
            wanted(self.media.child.poll() is None, f"media has ended by itself\n{self.media.tail()}")
            # It keeps nothing that has to be put away, and ends by the signal itself.
            self.media.stop()
            for process in self.processes:
                wanted("panicked" not in process.text(), f"{process.name} has panicked\n{process.tail()}")
        finally:
            self.kill()

    def kill(self):
        for process in self.processes:
            process.kill()
