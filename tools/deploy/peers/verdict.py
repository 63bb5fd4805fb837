"""What must hold of every message that we sent, whoever the peer was: tshark is the judge.

Each rule is held against a damaged message of ours first, which it has to refuse.
"""

import collections

from appliance import CARRIER, NODE, STRANGER
from capture import fields
from process import Failure, equal, output, wanted

OURS = f"ip.src == {NODE} && sip"
FAULTY = '_ws.malformed || _ws.expert.severity >= "Note" || sdp.invalid || sdp.unknown'
# What AWS calls it, and nobody else.
KNOWN = "Unrecognised SIP header (x-voiceconnector-id)"
# RFC 8866 section 5: what a description has to have.
DESCRIPTION = ["sdp.version", "sdp.owner", "sdp.session_name", "sdp.connection_info", "sdp.time", "sdp.media"]


def well_formed(capture):
    """tshark has nothing to say against any message of ours."""
    judge(capture, nothing_faulty, (b"CSeq: ", b"CSeq "), (b"Call-ID", b"Coil-ID"))


def nothing_faulty(path):
    count = len(fields(path, OURS, "frame.number"))
    wanted(count > 0, "wanted messages of ours, found none")
    # RFC 3261 section 8.2.6.2: who has broken something gets back what it has written, broken as it is. Of another version,
    # and of a head that is too long, nothing else is looked at.
    found = fields(
        path,
        f"{OURS} && !(sip.Status-Code in {{400, 505, 513}}) && ({FAULTY})",
        "frame.number",
        "sip.Request-Line",
        "sip.Status-Line",
        "_ws.expert.message",
    )
    found = [line for line in found if line[-1] != KNOWN]
    wanted(
        not found,
        f"{len(found)} of {count} messages are faulty:\n" + "\n".join(" ".join(line) for line in found[:10]),
    )


def described_well(capture):
    """Nor against any description in one of them."""
    judge(capture, nothing_faulty, (b"m=audio ", b"m audio "), (b" RTP/AVP ", b""), which="sdp")


def described_in_full(capture):
    """Each description of ours has all that a description has to have."""
    judge(capture, nothing_missing, *[(line, b"a=x\r\na=") for line in (b"s=", b"t=", b"o=")], which="sdp")


def nothing_missing(path):
    for number, *parts in fields(path, f"{OURS} && sdp", "frame.number", *DESCRIPTION):
        missing = [name for name, part in zip(DESCRIPTION, parts) if not part]
        wanted(not missing, f"frame {number}: no {', '.join(missing)}")


def measured(capture):
    """Content-Length says how long the body is."""
    judge(capture, nothing_longer, (b"Content-Length: ", b"Content-Length: 9"), (b"\r\n\r\n", b"\r\n\r\n."))


def nothing_longer(path):
    for number, payload in fields(path, f"{OURS} && udp", "frame.number", "udp.payload"):
        head, _, body = bytes.fromhex(payload).partition(b"\r\n\r\n")
        said = [
            line.partition(b":")[2].strip() for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")
        ]
        equal(f"Content-Length in frame {number}", said, [str(len(body)).encode()])


def judge(capture, rule, *damages, which="sip"):
    """Holds a rule against what was captured, and against a message of ours that was damaged in each of these ways."""
    rule(capture.path)
    messages = fields(capture.path, f"{OURS} && udp && {which}", "udp.payload")
    wanted(messages, f"wanted messages of ours by UDP with {which}, found none")
    (payload,) = messages[0]
    for sound, damaged in damages:
        message = bytes.fromhex(payload)
        wanted(sound in message, f"wanted {sound} in a message of ours")
        path = twin(capture, message.replace(sound, damaged, 1))
        try:
            rule(path)
        except Failure:
            continue
        raise Failure(f"with {damaged} in the place of {sound}, nothing is found")


def twin(capture, message):
    """Writes a capture with one message from us."""
    text, path = capture.path.with_name("twin.txt"), capture.path.with_name("twin.pcap")
    lines = [message[at : at + 16] for at in range(0, len(message), 16)]
    text.write_text("".join(f"{16 * number:06x} {line.hex(' ')}\n" for number, line in enumerate(lines)))
    output(["text2pcap", "-q", "-4", f"{NODE},{CARRIER}", "-u", "5060,5060", text, path])
    return path


def answered_once(capture):
    """Each INVITE that we heard got exactly one final response: one status, with one tag."""
    names = ["sip.Call-ID", "sip.from.tag", "sip.CSeq.seq"]
    heard = f"ip.dst == {NODE} && ip.src != {STRANGER} && sip.Method == INVITE"
    finals = collections.defaultdict(set)
    said = f"{OURS} && sip.Status-Code >= 200 && sip.CSeq.method == INVITE"
    for *invite, status, tag in capture.fields(said, *names, "sip.Status-Code", "sip.to.tag"):
        finals[tuple(invite)].add((status, tag))
    invites = {tuple(line) for line in capture.fields(heard, *names)}
    wanted(invites, "wanted INVITEs that we heard, found none")
    for invite in invites:
        equal(f"final responses to the INVITE {invite[2]} of {invite[0]}", len(finals[invite]), 1)
        wanted(all(tag for _, tag in finals[invite]), f"a final response to {invite[0]} has no tag")


ALWAYS = {"no message of ours is malformed": well_formed, "each Content-Length is right": measured}
CALLS = {
    "no description of ours is malformed": described_well,
    "each description of ours is whole": described_in_full,
    "each INVITE that we heard has one final response": answered_once,
}
