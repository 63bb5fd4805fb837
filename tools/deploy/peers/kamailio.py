"""Kamailio between us and the carrier: it stays on the way, forks, and fails over by itself."""

import pathlib

import verdict
from appliance import CARRIER, CARRIER_2, HOST, NODE, OURS, PBX, PROXY, link, provisioning, route
from process import equal, wanted
from scene import Case
from sipp import COMPLETED, UNAVAILABLE, listens, sipp, well

CONFIGURATION = pathlib.Path(__file__).with_name("kamailio.cfg")
# What the configuration does with a call, by the last number.
BOTH, BY_TCP, ONE_BY_ONE = "+12065550130", "+12065550131", "+12065550133"


class Proxy:
    """Kamailio, and what it says of the requests that it sees."""

    def __init__(self, scene):
        words = [
            "kamailio",
            "-DD",
            "-E",
            "-f",
            CONFIGURATION,
            "-Y",
            scene.folder,
            "-P",
            scene.folder / "kamailio.pid",
        ]
        self.process = scene.start("kamailio", [*words, "-m", 32, "-M", 4])
        listens(self.process, PROXY)

    def saw(self, methods):
        """Within the call, these requests came from us by the route that it has set, and none went astray."""
        text = self.process.text()
        lines = [line.split("<script>: ")[1] for line in text.splitlines() if "<script>: " in line]
        found = [line.split()[1] for line in lines if line.startswith("WITHIN") and line.endswith(NODE)]
        equal("requests of ours by the route", " ".join(found), methods)
        wrong = [line for line in lines if line.startswith(("ASTRAY", "INSANE"))]
        wanted(not wrong and "ERROR: sanity" not in text, f"{self.process.name}: {wrong}\n{self.process.tail()}")


def appliance(scene):
    return scene.appliance(provisioning([link(PROXY)], [route(PBX)]))


def out(scene, caller, callees, called, within, transport="UDP", values=None):
    """A call from the customer by the proxy to one carrier or several."""
    node, proxy = appliance(scene), Proxy(scene)
    answering = [
        listens(sipp(scene, name, at, transport, **(values or {}))) for name, at in zip(callees, (CARRIER, CARRIER_2))
    ]
    well(sipp(scene, caller, PBX, "UDP", HOST, called=called), *answering)
    node.ended_as(COMPLETED)
    proxy.saw(within)
    return node


def back(scene, caller, callee, within):
    """A call from the carrier by the proxy to the customer."""
    node, proxy = appliance(scene), Proxy(scene)
    answering = listens(sipp(scene, callee, PBX, "UDP"))
    well(sipp(scene, caller, CARRIER, "UDP", NODE, called=OURS, via=PROXY), answering)
    node.ended_as(COMPLETED)
    proxy.saw(within)


def fork(scene, loser):
    """Two ring, one answers, the other is cancelled: media is that of who has answered, both ways."""
    node = out(scene, "caller_hears_forks", ["callee_answers_late", loser], BOTH, "ACK BYE")
    node.relayed(30)


def all_by_the_proxy(capture):
    """What we say to carriers goes to the proxy; it alone speaks to them."""
    direct = f"(ip.src == {NODE} && (ip.dst == {CARRIER} || ip.dst == {CARRIER_2})) && sip"
    equal("messages of ours past the proxy", capture.fields(direct, "frame.number"), [])
    wanted(
        capture.fields(f"ip.src == {NODE} && ip.dst == {PROXY} && sip.Route", "frame.number"),
        "requests with a route, found none",
    )


def serial(scene):
    node, proxy = appliance(scene), Proxy(scene)
    first = listens(sipp(scene, "callee_rings_and_refuses", CARRIER, "UDP", **UNAVAILABLE))
    second = listens(sipp(scene, "callee_answers", CARRIER_2, "UDP"))
    well(sipp(scene, "caller_hears_forks", PBX, "UDP", HOST, called=ONE_BY_ONE), first, second)
    node.ended_as(COMPLETED)
    node.relayed(30)
    proxy.saw("ACK BYE")


def by_tcp(scene):
    out(scene, "caller_holds", ["callee_is_held"], BY_TCP, "ACK INVITE ACK INVITE ACK BYE", transport="TCP")


CASES = [
    Case(
        "outbound: ACK, re-INVITE and BYE follow the route",
        out,
        "caller_holds",
        ["callee_is_held"],
        ONE_BY_ONE,
        "ACK INVITE ACK INVITE ACK BYE",
    ),
    Case(
        "outbound: the callee's too, and answers to them come back",
        out,
        "caller_is_held",
        ["callee_holds"],
        ONE_BY_ONE,
        "ACK",
    ),
    Case(
        "inbound: the callee's re-INVITE and BYE follow the route",
        back,
        "caller_is_held",
        "callee_holds",
        "INVITE ACK INVITE ACK BYE",
    ),
    Case("inbound: the caller's come by it", back, "caller_holds", "callee_is_held", ""),
    Case("forks: two ring, one answers", fork, "callee_is_cancelled"),
    Case("forks: the early media of the other one is not that of the call", fork, "callee_speaks_and_is_cancelled"),
    Case("the first carrier rings and fails, the second takes the call", serial),
    Case("two entries of Record-Route: UDP to it, TCP beyond", by_tcp),
]
RULES = verdict.CALLS | {"all goes by the proxy": all_by_the_proxy}
