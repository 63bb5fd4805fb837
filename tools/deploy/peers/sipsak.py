"""sipsak: asks whether we are there, sends what it has broken at random, and floods."""

from appliance import CARRIER, NODE, PBX, link, provisioning, route
from process import equal, output, wanted
from scene import Case

URI = f"sip:somebody@{NODE}:5060"
TRANSPORTS = ("udp", "tcp")
BROKEN, RUNS, FLOOD = 300, 20, 2000
# What a process may grow by in a flood: each request leaves a response that is repeated to whoever repeats it, for 32 s
# (RFC 3261 section 17.1.2.2), some KB each.
GROWTH_KB = FLOOD * 8


def sipsak(*words, status=0):
    return output(["sipsak", "-vvv", *words, "-s", URI], status, with_errors=True)


def appliance(scene):
    return scene.appliance(provisioning([link(CARRIER)], [route(PBX)]))


def is_there(transport):
    said = sipsak("-E", transport)
    wanted("SIP/2.0 200" in said and "Allow:" in said, f"wanted 200 with Allow, found\n{said[-600:]}")


def ping(scene, transport):
    appliance(scene)
    is_there(transport)


def no_registrar(scene, transport):
    appliance(scene)
    said = sipsak("-E", transport, "-U", "-C", f"sip:somebody@{PBX}", status=None)
    wanted("SIP/2.0 405" in said and "Allow:" in said, f"wanted 405 with Allow, found\n{said[-600:]}")


def broken(scene, transport):
    """Requests with more and more letters replaced at random: we answer or drop them, and are there afterwards."""
    node = appliance(scene)
    for number in range(RUNS):
        # It ends with the first request that is too broken to be answered.
        words = ["timeout", 5, "sipsak", "-E", transport, "-R", "-t", BROKEN, "-D", 1, "-Z", 10, "-s", URI]
        scene.start(f"sipsak-{number}", words).child.wait(10)
    is_there(transport)
    equal("records", node.records(), [])


def flood(scene):
    """As fast as it can: nothing grows beyond what answers take, and we are there during it and afterwards."""
    node = appliance(scene)
    before = resident_kb(node)
    flooding = scene.start("sipsak", ["sipsak", "-F", "-e", FLOOD, "-s", URI])
    is_there("tcp")
    flooding.child.wait(20)
    is_there("udp")
    grown = resident_kb(node) - before
    wanted(grown < GROWTH_KB, f"wanted less than {GROWTH_KB} KB more after {FLOOD} requests, found {grown}")
    equal("records", node.records(), [])


def resident_kb(node):
    text = open(f"/proc/{node.signaling.child.pid}/status").read()
    return int(text.split("VmRSS:")[1].split()[0])


CASES = [
    *[Case(f"{transport}: OPTIONS is answered", ping, transport) for transport in TRANSPORTS],
    *[Case(f"{transport}: REGISTER gets 405", no_registrar, transport) for transport in TRANSPORTS],
    *[Case(f"{transport}: broken requests leave no trace", broken, transport) for transport in TRANSPORTS],
    Case("a flood leaves no trace", flood),
]
RULES = {}
