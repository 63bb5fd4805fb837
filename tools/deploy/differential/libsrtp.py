#!/usr/bin/env python3
"""Holds Trunkline's SRTP against libsrtp, packet by packet.

For each suite both seal the same media, and both open what a bad network makes of it, in either direction. Bytes,
accepted packets and reasons of refusal must be the same. Needs the packages in requirements.txt:

    python3 -m venv target/differential
    target/differential/bin/pip install -r tools/deploy/differential/requirements.txt
    cargo build --release -p tools
    target/differential/bin/python -B tools/deploy/differential/libsrtp.py
"""

import argparse
import base64
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import pcap
import reference
import traffic

ROOT = pathlib.Path(__file__).resolve().parents[3]


def main():
    arguments = parse_arguments()
    seed = random.SystemRandom().getrandbits(32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}, {arguments.packets} RTP packets and {arguments.packets // 50} RTCP packets each way")
    passed = failed = skipped = 0
    for suite in arguments.suite or reference.SUITES:
        reason = reference.why_not(suite)
        if reason:
            print(f"{suite:<24} SKIPPED: {reason}")
            skipped += 1
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="differential-") as folder:
            trial = Trial(arguments.trunkline, suite, pathlib.Path(folder), random.Random(f"{seed} {suite}"))
            trial.run(arguments.packets)
        passed += len(trial.checks) - len(trial.failures)
        failed += len(trial.failures)
        verdict = "FAILED" if trial.failures else "ok"
        print(f"{suite:<24} {verdict}: {trial.story()}, {time.monotonic() - started:.1f} s", flush=True)
        for failure in trial.failures:
            print(f"  {failure}")
    suites = f", {skipped} suites skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{suites}")
    return 1 if failed else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trunkline", type=pathlib.Path, default=ROOT / "target/release/trunkline")
    parser.add_argument("--seed", type=int, help="repeats the run that printed it")
    parser.add_argument("--packets", type=int, default=100_000, help="RTP packets each way (default: %(default)s)")
    parser.add_argument("--suite", action="append", choices=reference.SUITES, help="only this one; repeatable")
    arguments = parser.parse_args()
    if not arguments.trunkline.is_file():
        parser.error(f"no command at {arguments.trunkline}; type: cargo build --release -p tools")
    return arguments


class Trial:
    """One suite with one key."""

    def __init__(self, trunkline, suite, folder, seeded):
        self.trunkline, self.suite, self.folder, self.random = trunkline, suite, folder, seeded
        self.key = seeded.randbytes(reference.key_len(suite))
        self.checks, self.failures = [], []
        self.counts = collections.Counter()

    def story(self):
        counts = self.counts
        return f"{counts['sealed']} sealed, {counts['opened']} opened and {counts['refused']} refused alike"

    def run(self, rtp_packets):
        media = traffic.media(self.random, rtp_packets, rtp_packets // 50)
        by_libsrtp = reference.seal(self.suite, self.key, media)
        by_trunkline, _ = self.command("seal", media, self.key)
        self.compare_sealed(media, by_libsrtp, by_trunkline)

        for sealer, outcomes in (("libsrtp", by_libsrtp), ("trunkline", by_trunkline)):
            sealed = [
                (number, is_rtcp, outcome)
                for number, ((is_rtcp, _), outcome) in enumerate(zip(media, outcomes, strict=True))
                if isinstance(outcome, bytes)
            ]
            self.compare_opened(f"sealed by {sealer}", media, traffic.network(self.random, sealed))
            self.try_wrong_key(f"sealed by {sealer}", sealed[:2000])

    def compare_sealed(self, media, by_libsrtp, by_trunkline):
        """RTP must be the same byte for byte; RTCP has an index of its own, and libsrtp starts it at one."""
        differing, refused_by_one = [], []
        for number, ((is_rtcp, _), one, other) in enumerate(zip(media, by_libsrtp, by_trunkline, strict=True)):
            if isinstance(one, bytes) != isinstance(other, bytes):
                refused_by_one.append(number)
            elif not is_rtcp and isinstance(one, bytes) and one != other:
                differing.append(number)
        self.check("both seal RTP to the same bytes", media, differing)
        self.check("both refuse to seal the same packets", media, refused_by_one)
        self.counts["sealed"] += sum(isinstance(outcome, bytes) for outcome in by_trunkline)

    def compare_opened(self, origin, media, arrivals):
        packets = [(is_rtcp, packet) for _, is_rtcp, packet in arrivals]
        by_libsrtp = reference.open(self.suite, self.key, packets)
        by_trunkline, summary = self.command("open", packets, self.key)

        differing, not_as_sent, damaged, twice = [], [], [], []
        seen = set()
        for place, ((number, _, _), one, other) in enumerate(zip(arrivals, by_libsrtp, by_trunkline, strict=True)):
            if isinstance(one, bytes) != isinstance(other, bytes):
                differing.append(place)
            if not isinstance(other, bytes):
                continue
            if number is None:
                damaged.append(place)
                continue
            if not other == one == media[number][1]:
                not_as_sent.append(place)
            if number in seen:
                twice.append(place)
            seen.add(number)
        self.check(f"{origin}: both accept the same packets", packets, differing)
        self.check(f"{origin}: accepted packets are what was sent", packets, not_as_sent)
        self.check(f"{origin}: damaged packets are refused", packets, damaged)
        self.check(f"{origin}: nothing is accepted twice", packets, twice)
        reasons = collections.Counter(outcome for outcome in by_libsrtp if isinstance(outcome, str))
        self.check_equal(f"{origin}: both refuse for the same reasons", dict(reasons), summary["refused"])
        self.counts["opened"] += len(seen)
        self.counts["refused"] += sum(reasons.values())

    def try_wrong_key(self, origin, sealed):
        wrong = self.key[:-1] + bytes([self.key[-1] ^ 1])
        packets = [(is_rtcp, packet) for _, is_rtcp, packet in sealed]
        by_libsrtp = reference.open(self.suite, wrong, packets)
        _, summary = self.command("open", packets, wrong)
        self.check_equal(f"{origin}: libsrtp opens nothing with another key", set(by_libsrtp), {"bad_tag"})
        refused = {"bad_tag": len(packets)}
        self.check_equal(f"{origin}: trunkline opens nothing with another key", summary["refused"], refused)

    def command(self, verb, packets, key):
        """Runs `trunkline srtp` over each (is RTCP, bytes); returns what became of them, and the summary."""
        before, after = self.folder / "before.pcap", self.folder / "after.pcap"
        pcap.write(before, [packet for _, packet in packets])
        finished = subprocess.run(
            [self.trunkline, "srtp", verb, "--json", "--suite", self.suite, "--key", "-", before, after],
            input=base64.b64encode(key),
            capture_output=True,
            timeout=60,
        )
        if finished.returncode not in (0, 1):
            raise RuntimeError(f"trunkline srtp {verb} ended with {finished.returncode}: {finished.stderr.decode()}")
        summary = json.loads(finished.stdout)
        written = pcap.read(after)
        if summary["copied"] != 0 or len(written) != summary["opened" if verb == "open" else "sealed"]:
            raise RuntimeError(f"trunkline srtp {verb} wrote {len(written)} packets and says: {summary}")
        return [written.get(number, "refused") for number in range(len(packets))], summary

    def check(self, name, packets, offenders):
        """Passes if no packet offends; describes the first that does."""
        failure = None
        if offenders:
            is_rtcp, packet = packets[offenders[0]]
            kind = "RTCP" if is_rtcp else "RTP"
            head = packet[:12].hex()
            failure = f"{name}: not so {len(offenders)} times, first with {kind} packet {offenders[0]}, {head}..."
        self.add(name, failure)

    def check_equal(self, name, found, wanted):
        self.add(name, None if found == wanted else f"{name}: wanted {wanted}, found {found}")

    def add(self, name, failure):
        self.checks.append(name)
        if failure:
            self.failures.append(failure)


if __name__ == "__main__":
    sys.exit(main())
