"""SIPVicious from an address that nobody lists: it scans, guesses numbers and passwords, and gets not a byte."""

from appliance import CARRIER, NODE, PBX, STRANGER, ZONE, link, login, provisioning, route, spoken_to_from
from process import equal, wanted
from scene import Case

PATIENCE_S = 40
ATTACKS = [
    ["svmap", NODE],
    ["svmap", "-m", "INVITE", NODE],
    ["svmap", "-p", "5058-5070", NODE],
    ["svwar", "--force", "-e", "100-110", "-m", "REGISTER", NODE],
    ["svwar", "--force", "-e", "12065550100-12065550110", "-m", "INVITE", "-d", "DICTIONARY", NODE],
    ["svcrack", "-u", "pbx", "-r", "1000-1010", "-d", "DICTIONARY", NODE],
]


def vicious(scene, at, attacks):
    """Runs tools side by side, each with a home where it keeps what it finds; returns what each has said."""
    # Not all of these tools bind the address that they are told to.
    spoken_to_from(at)
    try:
        tools = [start(scene, number, words) for number, words in enumerate(attacks)]
        for tool in tools:
            tool.child.wait(PATIENCE_S)
    finally:
        spoken_to_from(PBX)
    return [tool.text() for tool in tools]


def start(scene, number, words):
    home = scene.folder / f"home-{number}"
    home.mkdir()
    (home / "words").write_text("pbx\nadmin\nlong-enough-1\n+12065550100\n")
    words = [home / "words" if word == "DICTIONARY" else word for word in words]
    return scene.start(f"{words[0]}-{number}", ["env", f"HOME={home}", *words])


def attack(scene):
    node = scene.appliance(provisioning([link(CARRIER)], [route(PBX)], login=login("long-enough-1")))
    for words, said in zip(ATTACKS, vicious(scene, STRANGER, ATTACKS)):
        wanted("Traceback" not in said, f"{words[0]} does not run:\n{said[-800:]}")
        wanted("Trunkline" not in said and ZONE not in said, f"{' '.join(words)} has found something:\n{said[-800:]}")
    equal("records", node.records(), [])


def twin(scene):
    """The same tool from a listed address finds the node: it works, and whom it does not find is hidden."""
    scene.appliance(provisioning([link(CARRIER)], [route(PBX)]))
    (said,) = vicious(scene, PBX, ATTACKS[:1])
    wanted(
        f"{NODE}:5060" in said and "Trunkline" in said,
        f"svmap has not found the node from a listed address:\n{said[-800:]}",
    )


def strangers_heard_nothing(capture):
    asked = [method for method, in capture.fields(f"ip.src == {STRANGER} && ip.dst == {NODE} && sip", "sip.Method")]
    wanted(
        len(asked) >= len(ATTACKS) and {"OPTIONS", "INVITE", "REGISTER"} <= set(asked),
        f"wanted all scans, found {asked}",
    )
    equal("bytes to strangers", capture.bytes_to(STRANGER), 0)
    wanted(capture.bytes_to(PBX) > 0, "wanted bytes to a listed address, counted none")


CASES = [
    Case("nobody is found by svmap, svwar and svcrack", attack),
    Case("svmap finds the node from a listed address", twin),
]
RULES = {"strangers were sent nothing": strangers_heard_nothing}
