#!/usr/bin/env python3
"""Runs the cases of each peer, and has tshark judge what we sent. Started by run.sh in a namespace of its own."""

import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

import baresip
import kamailio
import sipp
import sipsak
import sipvicious
import verdict
from capture import Capture
from process import Failure

PEERS = {"sipp": sipp, "baresip": baresip, "kamailio": kamailio, "sipsak": sipsak, "sipvicious": sipvicious}


class Count:
    def __init__(self):
        self.passed = self.failed = 0

    def run(self, title, case, *arguments):
        """Runs one case and tells how it went."""
        started = time.monotonic()
        try:
            case(*arguments)
            self.passed += 1
            print(f"ok    {title}, {time.monotonic() - started:.1f} s", flush=True)
        except Exception as error:
            self.failed += 1
            said = str(error) if isinstance(error, Failure) else traceback.format_exc()
            print(f"FAIL  {title}", *(f"   {line}" for line in said.splitlines()[:40]), sep="\n", flush=True)


def main():
    words = sys.argv[1:]
    folder = pathlib.Path(os.environ.get("KEEP") or tempfile.mkdtemp(prefix="peers-")).resolve()
    count = Count()
    try:
        for peer, room in PEERS.items():
            cases = [case for case in room.CASES if is_wanted(words, peer, case)]
            if cases:
                judge(peer, cases, folder / peer, count)
    finally:
        if "KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)
    if words and count.passed + count.failed == 0:
        print(f"wanted a peer ({', '.join(PEERS)}) or a part of a title, found {' '.join(words)}")
        return 1
    print(f"{count.passed} passed, {count.failed} failed")
    return 1 if count.failed else 0


def is_wanted(words, peer, case):
    return not words or any(word == peer or word in case.title for word in words)


def judge(peer, cases, folder, count):
    """The cases of one peer, one after the other, under one capture."""
    folder.mkdir(parents=True)
    capture = Capture(folder)
    for number, case in enumerate(cases):
        place = folder / f"{number:02}"
        place.mkdir()
        count.run(f"{peer}: {case.title}", case, place)
    count.run(f"tshark: {peer}, the capture has no gaps", capture.stop)
    # Some rules want what only all cases together do.
    is_whole = len(cases) == len(PEERS[peer].CASES)
    for title, rule in (verdict.ALWAYS | (PEERS[peer].RULES if is_whole else {})).items():
        count.run(f"tshark: {peer}, {title}", rule, capture)


if __name__ == "__main__":
    sys.exit(main())
