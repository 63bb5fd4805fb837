#!/usr/bin/env python3
"""Holds Trunkline's signatures against those of botocore, request by request, as they are on the wire.

The unmodified client of the API calls a server on loopback, with all operations of its model and inputs at random, and
botocore signs odd requests by hand. Our verifier has to accept each, refuse it with anything changed, and our signer has
to make the same signature of it. Needs the package in requirements.txt:

    python3 -m venv target/sigv4
    target/sigv4/bin/pip install -r tools/deploy/sigv4/requirements.txt
    cargo build --release -p sigv4 --example conversation
    target/sigv4/bin/python -B tools/deploy/sigv4/botocore_agrees.py
"""

import argparse
import calendar
import collections
import json
import pathlib
import random
import subprocess
import sys
import time

import botocore.session
from botocore import xform_name
from botocore.auth import SigV4Auth
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ParamValidationError
from botocore.httpsession import URLLib3Session

import invention
from loopback import Loopback

ROOT = pathlib.Path(__file__).resolve().parents[3]
KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION, SERVICE = "us-east-1", "chime"


def main():
    arguments = parse_arguments()
    seed = random.SystemRandom().getrandbits(32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}, botocore {botocore.__version__}, {arguments.requests} requests by the client and as many by hand")
    loopback = Loopback()
    with subprocess.Popen([arguments.conversation], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as ours:
        trial = Trial(random.Random(seed), loopback, ours)
        trial.by_client(arguments.requests)
        trial.by_hand(arguments.requests)
        trial.again_within_a_second()
        trial.retried()
        ours.stdin.close()
    for what, count in sorted(trial.passed.items()):
        print(f"{count:6} {what}")
    for failure in trial.failures[:10]:
        print(f"FAILED: {failure}")
    print(f"{sum(trial.passed.values())} passed, {len(trial.failures)} failed")
    return 1 if trial.failures else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = ROOT / "target/release/examples/conversation"
    parser.add_argument("--conversation", type=pathlib.Path, default=default)
    parser.add_argument("--seed", type=int, help="repeats the run that printed it, but for the time")
    parser.add_argument("--requests", type=int, default=400)
    arguments = parser.parse_args()
    if not arguments.conversation.is_file():
        wanted = "cargo build --release -p sigv4 --example conversation"
        parser.error(f"no command at {arguments.conversation}; type: {wanted}")
    return arguments


class Trial:
    """One conversation with our verifier and our signer, about all that comes to the loopback server."""

    def __init__(self, seeded, loopback, ours):
        self.random, self.loopback, self.ours = seeded, loopback, ours
        self.passed, self.failures = collections.Counter(), []
        session = botocore.session.get_session()
        session.set_credentials(KEY_ID, SECRET)
        self.client = session.create_client(
            "chime-sdk-voice",
            region_name=REGION,
            endpoint_url=loopback.endpoint,
            config=Config(retries={"total_max_attempts": 2, "mode": "standard"}, proxies={}),
        )

    def by_client(self, count):
        model = self.client.meta.service_model
        names = model.operation_names
        for number in range(count):
            operation = model.operation_model(names[number % len(names)])
            shape = operation.input_shape
            try:
                self.call(operation.name, invention.value(self.random, shape) if shape else {})
            except ParamValidationError as error:
                self.failures.append(f"{operation.name}: the input does not fit the model: {error}")
        self.check("the client calls every operation", f"of {len(names)} only {count}", len(names) <= count)

    def call(self, operation, parameters):
        getattr(self.client, xform_name(operation))(**parameters)
        for request in self.loopback.take():
            self.judge("by the client", request)

    def by_hand(self, count):
        signer = SigV4Auth(Credentials(KEY_ID, SECRET), SERVICE, REGION)
        session = URLLib3Session(proxies={})
        for _ in range(count):
            request = invention.by_hand(self.random, self.loopback.endpoint)
            signer.add_auth(request)
            session.send(request.prepare())
            for sent in self.loopback.take():
                self.judge("by hand", sent)

    def judge(self, origin, request):
        """Accepts what was sent, refuses it changed, and signs it to the same bytes."""
        accepted = self.ask("verify", request)
        self.check(f"{origin}: accepted", (request, accepted), accepted == {"key_id": KEY_ID})
        for what, changed in changes(request):
            answer = self.ask("verify", changed)
            self.check(f"{origin}: refused with {what}", (changed, answer), "refused" in answer)
        answer = self.ask("verify", request, secret=SECRET[:-1] + "y")
        self.check(f"{origin}: refused for another secret", answer, answer.get("refused") == "signature_mismatch")

        authorization = header(request, "authorization")
        named = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
        signed = [pair for pair in request["headers"] if pair[0].lower() in named]
        answer = self.ask("sign", request | {"headers": signed})
        self.check(f"{origin}: signed alike", (request, answer), answer == {"authorization": authorization})

    def again_within_a_second(self):
        """Two calls alike in one second are one signature: whoever refuses a signature seen before refuses the second."""
        for _ in range(20):
            for _ in range(2):
                self.client.list_voice_connectors(MaxResults=10)
            one, other = self.loopback.take()
            if header(one, "x-amz-date") == header(other, "x-amz-date"):
                same = header(one, "authorization") == header(other, "authorization")
                return self.check("two calls alike in one second have one signature", one, same)
            time.sleep(0.2)
        self.check("two calls come within one second", None, False)

    def retried(self):
        """What the client repeats by itself is accepted, and is signed anew where the second is another one."""
        self.loopback.statuses = [503]
        self.client.list_voice_connectors()
        sent = self.loopback.take()
        self.check("a 503 is asked again", sent, len(sent) == 2)
        for request in sent:
            self.judge("retried", request)
        dates = {header(request, "x-amz-date") for request in sent}
        signatures = {header(request, "authorization") for request in sent}
        self.check("a retry has as many signatures as seconds", sent, len(dates) == len(signatures))

    def ask(self, ask, request, secret=SECRET):
        """Asks at the second in which the request was signed."""
        signed_at = calendar.timegm(time.strptime(header(request, "x-amz-date"), "%Y%m%dT%H%M%SZ"))
        question = request | {"ask": ask, "now_ms": signed_at * 1000, "key_id": KEY_ID, "secret": secret}
        print(json.dumps(question | {"region": REGION, "service": SERVICE}), file=self.ours.stdin, flush=True)
        return json.loads(self.ours.stdout.readline())

    def check(self, name, evidence, holds):
        if holds:
            self.passed[name] += 1
        else:
            self.failures.append(f"{name}: {evidence}")


def header(request, name):
    return next(value for found, value in request["headers"] if found.lower() == name)


def changes(request):
    """Yields requests that differ in one thing that is signed."""
    path, mark, query = request["target"].partition("?")
    yield "another method", request | {"method": "HEAD"}
    yield "another path", request | {"target": path + "x" + mark + query}
    yield "one parameter more", request | {"target": path + "?" + query + "&x=1" if query else path + "?x=1"}
    yield "another body", request | {"body": request["body"] + " "}
    yield "one header more", request | {"headers": [*request["headers"], ["X-Amz-More", "1"]]}
    for place, (name, value) in enumerate(request["headers"]):
        if name.lower() in ("host", "content-type"):
            headers = [*request["headers"][:place], [name, value + "0"], *request["headers"][place + 1 :]]
            yield f"another {name.lower()}", request | {"headers": headers}


if __name__ == "__main__":
    sys.exit(main())
