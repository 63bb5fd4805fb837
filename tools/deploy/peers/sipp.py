"""SIPp on both sides: as a PBX that calls or is called, and as the carrier beyond."""

import pathlib
import re
import time

import verdict
from appliance import (
    CARRIER,
    CARRIER_2,
    CARRIER_MEDIA,
    CUSTOMER_MEDIA,
    HOST,
    NODE,
    OURS,
    PBX,
    PBX_2,
    STRANGER,
    THEIRS,
    link,
    login,
    provisioning,
    route,
)
from process import equal, until, wanted
from scene import Case

SCENARIOS = pathlib.Path(__file__).with_name("sipp")
TRANSPORTS = {"UDP": "u1", "TCP": "t1"}
MACRO = re.compile(r"\{\{([^{}]*)\}\}")
COMPLETED = ("Completed", "Normal Call Clearing")
UNAVAILABLE = {"status": 503, "phrase": "Service Unavailable"}


def scenario(scene, name, values):
    """Writes a scenario with its parts filled in: {{name|first|second}} is a file of `parts`, or a value."""

    def fill(found):
        word, *arguments = found.group(1).split("|")
        if word in values:
            return str(values[word])
        part = (SCENARIOS / f"parts/{word}.sip").read_text().rstrip("\n")
        for number, argument in enumerate(arguments, 1):
            part = part.replace(f"${number}", argument)
        return part

    text = (SCENARIOS / f"{name}.xml").read_text()
    while MACRO.search(text):
        text = MACRO.sub(fill, text)
    path = scene.folder / f"{name}.xml"
    path.write_text(text)
    return path


def sipp(scene, name, at, transport, *words, called=THEIRS, caller=OURS, calls=1, via=NODE, **values):
    """Starts SIPp with a scenario. A caller needs no word but the node that it calls; a callee waits for calls."""
    is_caller = name.startswith(("caller", "requester"))
    speaks = "{{voice}}" in (SCENARIOS / f"{name}.xml").read_text()
    voice = scene.folder / "voice.raw"
    voice.write_bytes(bytes(8000 * 10))
    values = {
        "node": CUSTOMER_MEDIA if at in (PBX, PBX_2, STRANGER) else CARRIER_MEDIA,
        "voice": voice,
        "speaks_ms": 400,
        "headers": "User-Agent: SIPp",
        "port": "[rtpstream_audio_port]" if speaks else "[media_port]",
    } | values
    label = f"{name}-{at}"
    options = f"-p 5060 -t {TRANSPORTS[transport]} -m {calls} -i {at} -mi {at} -mp 6000 -rtp_echo".split()
    options += "-nostdin -timeout 15 -timeout_error".split()
    options += ["-sf", scenario(scene, name, values), "-trace_err", "-trace_msg"]
    for kind in ("error", "message"):
        options += [f"-{kind}_file", scene.folder / f"{label}.{kind}s"]
    for key, value in {"called": called, "caller": caller, "target": words[0] if words else NODE}.items():
        options += ["-key", key, value]
    return scene.start(label, ["sipp", *options, *words[1:], *([f"{via}:5060"] if is_caller else [])])


def listens(callee, address=None):
    """Waits until a callee can be called."""
    port = ":13C4"
    address = address or callee.name.rsplit("-", 1)[1]
    address = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
    tables = [pathlib.Path("/proc/net/udp"), pathlib.Path("/proc/net/tcp")]
    wanted(
        until(lambda: any(f"{address}{port} " in table.read_text() for table in tables)),
        f"{callee.name} does not listen",
    )
    return callee


def well(*peers):
    """All of them have seen what their scenarios say, and nothing else."""
    for peer in peers:
        peer.ends()


class Way:
    """A direction and a transport: who calls whom, and how."""

    def __init__(self, direction, transport):
        self.direction, self.transport = direction, transport
        self.is_outbound = direction == "outbound"
        self.title = f"{transport}, {direction}"

    def appliance(self, scene, hosts=1, **options):
        links = [
            link(host, self.transport, priority) for priority, host in enumerate((CARRIER, CARRIER_2)[:hosts], 1)
        ]
        routes = [route(host, self.transport, priority) for priority, host in enumerate((PBX, PBX_2)[:hosts], 1)]
        return scene.appliance(provisioning(links, routes), **options)

    def callee(self, scene, name, place=0, **values):
        at = ((CARRIER, CARRIER_2) if self.is_outbound else (PBX, PBX_2))[place]
        return listens(sipp(scene, name, at, self.transport, **values))

    def caller(self, scene, name, *words, **values):
        if self.is_outbound:
            return sipp(scene, name, PBX, self.transport, HOST, *words, **values)
        return sipp(scene, name, CARRIER, self.transport, NODE, *words, called=OURS, caller=THEIRS, **values)


def call(scene, way, caller, callee, record, packets=0, values=None):
    """One call between two scenarios: both are content, media flowed, and there is one record."""
    values = values or {}
    node = way.appliance(scene)
    answering = way.callee(scene, callee, **values)
    well(way.caller(scene, caller, **values), answering)
    node.ended_as(record)
    node.relayed(packets)


def failover(scene, way, first, values, after_s):
    """The first host fails, the second takes the call, when it is time."""
    node = way.appliance(scene, hosts=2)
    failing = way.callee(scene, first, 0, **values)
    taking = way.callee(scene, "callee_answers", 1)
    started = time.monotonic()
    caller = way.caller(scene, "caller_speaks")
    wanted(until(lambda: "180" in heard(taking), 15), "wanted a call at the second host, found none")
    passed = time.monotonic() - started
    wanted(after_s <= passed < after_s + 2.5, f"the second host was tried after {passed:.1f} s, wanted {after_s}")
    well(caller, taking)
    node.ended_as(COMPLETED)
    if after_s:
        wanted(
            "CANCEL sip:" not in heard(failing), "a host that has said nothing was sent a CANCEL (RFC 3261 section 9.1)"
        )
        failing.kill()
    else:
        well(failing)


def heard(peer):
    """Returns the messages of a SIPp so far."""
    path = peer.log.with_suffix(".messages")
    return path.read_text(errors="replace") if path.exists() else ""


def exhausted(scene, way):
    """Both hosts refuse: the caller hears so, once."""
    node = way.appliance(scene, hosts=2)
    refusing = [way.callee(scene, "callee_refuses", place, **UNAVAILABLE) for place in (0, 1)]
    well(way.caller(scene, "caller_is_refused", status=503 if way.is_outbound else 480), *refusing)
    node.ended_as(("Rejected", "no host took the call"))


def crowd(scene, way, calls=100):
    """50 calls at a time, 25 new ones a second."""
    node = way.appliance(scene)
    callee = way.callee(scene, "callee_answers", calls=calls)
    well(way.caller(scene, "caller_speaks", "-r", 25, "-l", 50, calls=calls, speaks_ms=1900), callee)
    node.ended_as(*[COMPLETED] * calls)
    # Each call: 50 packets a second both ways, for most of two seconds.
    node.relayed(calls * 100)


def log_in(scene, transport, status):
    node = scene.appliance(provisioning([link(CARRIER)], [], login=login("long-enough-1")), challenge=status)
    callee = listens(sipp(scene, "callee_answers", CARRIER, "UDP"))
    well(sipp(scene, "caller_logs_in", PBX, transport, HOST, status=status, password="long-enough-1"), callee)
    node.ended_as(COMPLETED)
    equal("who has logged in", [record.get("SipAuthUser") for record in node.records()], ["pbx"])


def guess(scene, transport):
    node = scene.appliance(provisioning([link(CARRIER)], [], login=login("long-enough-1")))
    well(sipp(scene, "caller_guesses", PBX, transport, HOST, password="wrong"))
    node.ended_as(("Rejected", "login is wrong"))


def other_methods(scene, transport):
    scene.appliance(provisioning([link(CARRIER)], [route(PBX)]))
    allow = "Allow: *INVITE, *ACK, *CANCEL, *OPTIONS, *BYE|Allow: *INVITE, *ACK, *BYE, *CANCEL, *OPTIONS"
    methods = ["REGISTER", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "INFO", "REFER", "UPDATE", "PRACK"]
    for method in methods:
        headers = {
            "SUBSCRIBE": "Event: presence",
            "NOTIFY": "Event: presence",
            "PUBLISH": "Event: presence",
            "REFER": f"Refer-To: <sip:{THEIRS}@{HOST}>",
            "PRACK": "RAck: 1 1 INVITE",
        }.get(method, "User-Agent: SIPp")
        well(sipp(scene, "requester", PBX, transport, HOST, method=method, status=405, said=allow, headers=headers))
    well(
        sipp(scene, "requester", PBX, transport, HOST, method="OPTIONS", status=200, said="Accept: *application/sdp")
    )
    equal("records", scene.node.records(), [])


def demand(scene, transport):
    node = scene.appliance(provisioning([link(CARRIER)], []))
    well(sipp(scene, "caller_demands", PBX, transport, HOST))
    node.ended_as(("Rejected", "420 Bad Extension"))


def probe(scene, transport):
    """The node asks a link of a carrier whether it is there, again and again."""
    node = scene.appliance(provisioning([link(CARRIER, transport)], []), probes_s=5)
    well(listens(sipp(scene, "callee_is_asked", CARRIER, transport, calls=2)))
    equal("records", node.records(), [])


def stranger(scene, transport):
    """Nobody lists this address: it hears nothing, whatever it says. The capture of all cases is the proof."""
    node = scene.appliance(provisioning([link(CARRIER)], [route(PBX)]))
    for method in ("OPTIONS", "REGISTER", "INVITE"):
        asking = sipp(
            scene, "requester", STRANGER, transport, NODE, "-timeout", 2, method=method, status=200, said="SIP"
        )
        code = asking.child.wait(10)
        wanted(code != 0, f"{method} of a stranger: wanted silence, found an answer")
    equal("records", node.records(), [])


def strangers_heard_nothing(capture):
    wanted(
        len(capture.fields(f"ip.src == {STRANGER} && sip", "sip.Method")) >= 3,
        "strangers that ask, found none in the capture",
    )
    equal("bytes to strangers", capture.bytes_to(STRANGER), 0)


WAYS = [Way(direction, transport) for transport in TRANSPORTS for direction in ("outbound", "inbound")]
CALLS = [
    ("a call is answered, media flows, the caller hangs up", "caller_speaks", "callee_answers", COMPLETED, 30, None),
    ("the callee hangs up", "caller_is_hung_up", "callee_hangs_up", COMPLETED, 0, None),
    ("early media flows before the answer", "caller_hears_early", "callee_speaks_early", COMPLETED, 50, None),
    (
        "busy",
        "caller_is_refused",
        "callee_refuses",
        ("Rejected", "486 Busy Here"),
        0,
        {"status": 486, "phrase": "Busy Here"},
    ),
    (
        "the caller gives up",
        "caller_gives_up",
        "callee_is_cancelled",
        ("Completed", "487 Request Terminated"),
        0,
        None,
    ),
    ("the caller holds and resumes", "caller_holds", "callee_is_held", COMPLETED, 0, None),
    ("the callee holds and resumes", "caller_is_held", "callee_holds", COMPLETED, 0, None),
    ("no offer in the INVITE", "caller_offers_late", "callee_answers", COMPLETED, 30, None),
    ("INFO and OPTIONS within a call", "caller_asks_within", "callee_answers", COMPLETED, 0, None),
]


def cases():
    for way in WAYS:
        for title, *rest in CALLS:
            yield Case(f"{way.title}: {title}", call, way, *rest)
        yield Case(f"{way.title}: 50 calls at a time, 25 new ones a second", crowd, way)
        next_host = f"{way.title}: the first host {{}}, the second takes the call"
        yield Case(next_host.format("says 503"), failover, way, "callee_refuses", UNAVAILABLE, 0)
        yield Case(next_host.format("is silent for 4 s"), failover, way, "callee_is_silent", {}, 4)
        yield Case(f"{way.title}: no host takes the call", exhausted, way)
    for transport in TRANSPORTS:
        for status in (401, 407):
            yield Case(f"{transport}: login by {status}", log_in, transport, status)
        yield Case(f"{transport}: the second wrong password is the last", guess, transport)
        yield Case(f"{transport}: other methods get 405, OPTIONS gets 200", other_methods, transport)
        yield Case(f"{transport}: Require: 100rel gets 420", demand, transport)
        yield Case(f"{transport}: links are asked with OPTIONS", probe, transport)
        yield Case(f"{transport}: a stranger hears nothing", stranger, transport)


CASES = list(cases())
RULES = verdict.CALLS | {"strangers were sent nothing": strangers_heard_nothing}
