"""What went over the loopback, as dumpcap wrote it and tshark reads it."""

import socket

from appliance import NODE
from process import Process, output, until, wanted

MESSAGES = "udp port 5060 or tcp port 5060 or tcp port 5061"
LAST = b"the last packet of this capture"
# Sequence numbers of TCP are the kernel's affair, and checksums are left to a card that the loopback does not have.
PREFERENCES = ["-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "sip.delay_sdp_changes:FALSE"]


class Capture:
    """The messages of all cases of one peer."""

    def __init__(self, folder):
        self.path = folder / "sip.pcap"
        words = ["dumpcap", "-q", "-P", "-i", "lo", "-B", "32", "-f", MESSAGES, "-w", self.path]
        self.dumpcap = Process("dumpcap", words, folder).wait_for("File:")

    def stop(self):
        """Ends it when the last packet is in the file: one of our own, which nobody expects."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marker:
            marker.sendto(LAST, (NODE, 5060))
        wanted(until(lambda: LAST in self.path.read_bytes()), "the last packet, found none in the capture")
        self.dumpcap.stop()
        wanted("/0 (" in self.dumpcap.text(), f"wanted a capture without gaps, found\n{self.dumpcap.tail()}")

    def fields(self, which, *names):
        """Reads fields of the messages that pass a filter."""
        return fields(self.path, which, *names)

    def bytes_to(self, host):
        """Counts what a host was sent beyond the headers of TCP and UDP."""
        return sum(
            int(udp or 8) - 8 + int(tcp or 0)
            for udp, tcp in self.fields(f"ip.dst == {host}", "udp.length", "tcp.len")
        )


def fields(path, which, *names):
    words = [
        "tshark",
        "-n",
        "-r",
        path,
        *PREFERENCES,
        "-Y",
        which,
        "-T",
        "fields",
        "-E",
        "separator=/t",
        "-E",
        "occurrence=a",
        "-E",
        "aggregator=|",
    ]
    for name in names:
        words += ["-e", name]
    return [line.split("\t") for line in output(words, patience_s=120).splitlines()]
