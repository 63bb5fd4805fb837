"""What went over the loopback, as dumpcap wrote it and tshark reads it."""

import collections
import struct
import subprocess

from appliance import NODE
from process import Process, equal, output, until, wanted

SIP = "udp port 5060 or tcp port 5060"
# Sequence numbers of TCP are the kernel's affair, and checksums are left to a card that the loopback does not have.
PREFERENCES = ["-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "sip.delay_sdp_changes:FALSE"]
FAULTY = "_ws.malformed || _ws.expert.severity >= 6291456 || sdp.invalid || sdp.unknown"


class Capture:
    """All packets of one peer's cases, but media."""

    def __init__(self, folder):
        self.path = folder / "sip.pcap"
        words = ["dumpcap", "-q", "-P", "-i", "lo", "-B", "32", "-f", f"{SIP} or tcp port 5061", "-w", self.path]
        self.dumpcap = Process("dumpcap", words, folder).wait_for("File:")

    def stop(self):
        # Whatever was sent is in the file, and dumpcap says what it had to leave out.
        self.dumpcap.stop()
        wanted("dropped: 0" in self.dumpcap.text().replace("/0", ": 0") or "/0 " in self.dumpcap.text(),
               f"a capture without gaps\n{self.dumpcap.tail()}")
        return self

    def fields(self, which, *names):
        """Reads fields of the messages that pass a filter."""
        return fields(self.path, which, *names)

    def bytes_to(self, host):
        """Counts what a host was sent beyond the headers of TCP and UDP."""
        return sum(int(udp or 8) - 8 + int(tcp or 0) for udp, tcp in self.fields(f"ip.dst == {host}", "udp.length", "tcp.len"))


def fields(path, which, *names):
    words = ["tshark", "-n", "-r", path, *PREFERENCES, "-Y", which, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a",
             "-E", "aggregator=|"]
    for name in names:
        words += ["-e", name]
    return [line.split("\t") for line in output(words, patience_s=120).splitlines()]
