"""baresip as a telephone: TLS and SRTP on the customer's side, RTP on the carrier's; tones are heard or not."""

import math
import struct
import wave

import verdict
from appliance import CARRIER, HOST, NODE, OURS, PBX, THEIRS, ZONE, link, login, provisioning, route
from process import equal, output, until, wanted
from scene import Case

MODULES = "/usr/lib/baresip/modules"
DNS = "127.0.0.53"
PBX_HOST = "pbx.customer.example"
PASSWORD = "long-enough-1"
COMPLETED = ("Completed", "Normal Call Clearing")
RATE = 8000
# What the customer's telephone plays, what the carrier's does, and what nobody does.
OURS_HZ, THEIRS_HZ, NOBODYS_HZ = 440, 1000, 1800


class Telephone:
    """One baresip with one account, that plays a tone and records what it hears."""

    def __init__(self, scene, name, account, at, tone_hz, ports, dial=None, settings=(), seconds=6):
        self.folder = scene.folder / name
        self.folder.mkdir()
        play(self.folder / "tone.wav", tone_hz)
        lines = [
            "poll_method epoll",
            f"sip_listen {at}:5060",
            "call_max_calls 1",
            "call_local_timeout 20",
            "audio_player aubridge,nowhere",
            f"audio_source aufile,{self.folder}/tone.wav",
            "audio_channels 1",
            "audio_buffer 20-160",
            f"rtp_ports {ports}",
            f"net_interface {at}",
            f"dns_server {DNS}:53",
            f"snd_path {self.folder}",
            f"module_path {MODULES}",
            *settings,
            *[f"module {module}.so" for module in ("g711", "aufile", "aubridge", "sndfile", "srtp")],
            "module_tmp uuid.so",
            "module_tmp account.so",
            "module_app menu.so",
        ]
        (self.folder / "config").write_text("\n".join(lines) + "\n")
        (self.folder / "accounts").write_text(account + "\n")
        (self.folder / "contacts").write_text("")
        words = ["baresip", "-f", self.folder, "-v", "-t", seconds]
        self.process = scene.start(name, words + (["-e", f"/dial {dial}"] if dial else []))

    def heard(self):
        """Returns the samples that were decoded."""
        until(lambda: list(self.folder.glob("dump-*-dec.wav")), 5)
        found = list(self.folder.glob("dump-*-dec.wav"))
        wanted(
            len(found) == 1, f"{self.process.name}: wanted one recording, found {len(found)}\n{self.process.tail()}"
        )
        return samples(found[0])


def play(path, tone_hz, seconds=20):
    """Writes a tone at a quarter of the full scale."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(RATE)
        tone = (round(8000 * math.sin(2 * math.pi * tone_hz * at / RATE)) for at in range(RATE * seconds))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))


def samples(path):
    content = path.read_bytes()
    # The length in the header is wrong as long as the file is open.
    data = content[content.index(b"data") + 8 :]
    return [sample for sample, in struct.iter_unpack("<h", data[: len(data) // 2 * 2])]


def share(heard, tone_hz):
    """Tells how much of the energy is at a frequency (Goertzel), in windows of a tenth of a second."""
    window, power, total = RATE // 10, 0.0, 0.0
    for start in range(0, len(heard) - window + 1, window):
        part = heard[start : start + window]
        angle = 2 * math.pi * tone_hz / RATE
        real = sum(sample * math.cos(angle * at) for at, sample in enumerate(part))
        imaginary = sum(sample * math.sin(angle * at) for at, sample in enumerate(part))
        power += 2 * (real * real + imaginary * imaginary) / window
        total += sum(sample * sample for sample in part)
    return power / total if total else 0.0


def hears(telephone, tone_hz, seconds):
    """Silence, noise, another tone and its own tone all fail."""
    heard = telephone.heard()
    loud = [sample for sample in heard if abs(sample) > 1000]
    wanted(
        len(loud) > RATE * seconds / 2,
        f"{telephone.process.name}: wanted {seconds} s of sound, found {len(loud)} loud samples of {len(heard)}",
    )
    found = share(heard, tone_hz)
    wanted(
        found > 0.9,
        f"{telephone.process.name}: wanted the tone of {tone_hz} Hz, found {found:.0%} of the energy there",
    )
    for other in (OURS_HZ, THEIRS_HZ, NOBODYS_HZ):
        if other != tone_hz:
            wanted(share(heard, other) < 0.05, f"{telephone.process.name}: heard {other} Hz, too")


def names(scene, *addresses):
    """A server of names: the node answers to the zone."""
    words = (
        f"dnsmasq --no-daemon --no-resolv --no-hosts --listen-address={DNS} --bind-interfaces --port=53 --user=root"
    )
    words = [*words.split(), f"--address=/{ZONE}/{NODE}", "--pid-file=", "--log-facility=-"]
    scene.start("dnsmasq", words + [f"--host-record={name},{address}" for name, address in addresses]).wait_for(
        "started"
    )


def secure(login=""):
    return (
        f"<sip:{OURS}@{HOST};transport=tls>;regint=0;mediaenc=srtp-mand;audio_codecs=pcmu;answermode=auto"
        f';outbound="sip:{HOST}:5061;transport=tls"{login}'
    )


def plain(number, at, options=""):
    return f"<sip:{number}@{at}>;regint=0;audio_codecs=pcmu;answermode=auto{options}"


def carrier(scene, **options):
    return Telephone(scene, "carrier", plain(THEIRS, CARRIER), CARRIER, THEIRS_HZ, "12000-12100", **options)


def customer(scene, account, **options):
    return Telephone(scene, "customer", account, PBX, OURS_HZ, "11000-11100", **options)


def both_hear(node, ours, theirs, seconds=3):
    """Each hears the other's tone for so long, and nothing else; media was protected on our customer's side alone."""
    hears(ours, THEIRS_HZ, seconds)
    hears(theirs, OURS_HZ, seconds)
    wanted("SRTP is Enabled" in ours.process.text(), "wanted SRTP at the customer's telephone, found none")
    wanted("SRTP is Enabled" not in theirs.process.text(), "wanted RTP at the carrier's telephone, found SRTP")
    node.relayed(2 * 50 * seconds)


def call_out(scene, given="", said=""):
    """The customer's telephone calls with TLS and SRTP; the carrier's has neither."""
    names(scene)
    # This libre gives up where a hash that it does not know is offered, wherever that stands.
    node = scene.appliance(provisioning([link(CARRIER)], [], encrypted=True, login=given), hashes=["MD5"])
    theirs = carrier(scene, seconds=8)
    ours = customer(scene, secure(said), dial=f"sip:{THEIRS}@{HOST}", settings=[f"sip_cafile {node.root()}"])
    ours.process.ends()
    node.ended_as(COMPLETED)
    both_hear(node, ours, theirs)
    if given:
        equal("who has logged in", [record.get("SipAuthUser") for record in node.records()], ["pbx"])


def inbound(scene, is_signed, seconds, pins=None, ours_seconds=None):
    """The carrier's telephone calls; the node connects to the customer's with TLS, and wants its certificate."""
    names(scene, (PBX_HOST, PBX))
    shown = None if is_signed else certificate(scene, None)
    records = provisioning([link(CARRIER)], [route(PBX_HOST)], encrypted=True)
    node = scene.appliance(records, names=DNS, pinned=fingerprint(shown) if pins else None)
    shown = shown or certificate(scene, node)
    ours = customer(scene, secure(), seconds=ours_seconds or seconds + 3, settings=[f"sip_certificate {shown}"])
    ours.process.wait_for("baresip is ready")
    theirs = carrier(scene, dial=f"sip:{OURS}@{NODE}", seconds=seconds)
    theirs.process.ends()
    return node, ours, theirs


def call_in(scene):
    """The node believes the customer's telephone."""
    node, ours, theirs = inbound(scene, True, 6)
    node.ended_as(COMPLETED)
    both_hear(node, ours, theirs)


def pinned(scene):
    """Nobody stands behind the certificate of the customer's telephone, but the node was told its fingerprint."""
    node, ours, theirs = inbound(scene, False, 6, pins=True)
    node.ended_as(COMPLETED)
    both_hear(node, ours, theirs)


def callee_hangs_up(scene):
    """The carrier's telephone hangs up first: the BYE crosses to TLS."""
    names(scene)
    node = scene.appliance(provisioning([link(CARRIER)], [], encrypted=True))
    theirs = carrier(scene, seconds=3)
    ours = customer(scene, secure(), dial=f"sip:{THEIRS}@{HOST}", settings=[f"sip_cafile {node.root()}"], seconds=5)
    theirs.process.ends()
    node.ended_as(COMPLETED)
    wanted(ours.process.child.poll() is None, "wanted the caller to be there when the callee hung up, found its end")
    ours.process.ends()


def secure_callee_hangs_up(scene):
    """The customer's telephone, which was called by TLS, hangs up first."""
    node, ours, theirs = inbound(scene, True, 6, ours_seconds=3)
    equal("the callee's status", ours.process.child.poll(), 0)
    node.ended_as(COMPLETED)


def given_up(scene):
    """The caller gives up while the other side rings: CANCEL crosses from TLS."""
    names(scene)
    node = scene.appliance(provisioning([link(CARRIER)], [], encrypted=True))
    account = plain(THEIRS, CARRIER).replace("answermode=auto", "answermode=manual")
    theirs = Telephone(scene, "carrier", account, CARRIER, THEIRS_HZ, "12000-12100", seconds=5)
    ours = customer(scene, secure(), dial=f"sip:{THEIRS}@{HOST}", settings=[f"sip_cafile {node.root()}"], seconds=2)
    ours.process.ends()
    node.ended_as(("Completed", "487 Request Terminated"))
    wanted("Incoming call" in theirs.process.text(), "wanted a telephone that rings, found none")


def impostor(scene):
    """Somebody else stands behind the certificate of the customer's telephone: no call, and no media."""
    node, ours, _ = inbound(scene, False, 3)
    node.ended_as(("Rejected", "no host took the call"))
    wanted("Incoming call" not in ours.process.text(), "an impostor was called")


def in_the_clear(scene):
    """A connector that requires encryption takes no call without TLS, nor one with it that offers RTP."""
    names(scene)
    node = scene.appliance(provisioning([link(CARRIER)], [], encrypted=True))
    root = [f"sip_cafile {node.root()}"]
    by_tls = secure().replace(";mediaenc=srtp-mand", "")
    for count, (name, account) in enumerate({"rtp": by_tls, "udp": plain(OURS, HOST)}.items(), 1):
        phone = Telephone(
            scene, name, account, PBX, OURS_HZ, "11000-11100", dial=f"sip:{THEIRS}@{HOST}", settings=root, seconds=2
        )
        phone.process.ends()
        wanted("Call established" not in phone.process.text(), f"{name}: a call in the clear")
        until(lambda: len(node.records()) >= count)
    equal("status of records", [record["Status"] for record in node.records()], ["Rejected"] * 2)


def authority(scene):
    """The certificate of the node is believed by who trusts its root, for names of its zone, and by nobody else."""
    node = scene.appliance(provisioning([link(CARRIER)], [], encrypted=True))
    for root, name, holds in (
        (node.root(), HOST, True),
        (node.root(), "elsewhere.example", False),
        (None, HOST, False),
    ):
        trusted = ["-CAfile", root] if root else ["-no-CAfile", "-no-CApath"]
        words = f"openssl s_client -connect {NODE}:5061 -bind {PBX} -servername {HOST} -verify_hostname {name}"
        words = [*words.split(), "-verify_return_error", *trusted]
        output(words, status=0 if holds else 1)


def fingerprint(shown):
    """What an operator copies from what openssl prints."""
    return output(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", shown]).strip()


def certificate(scene, node):
    """Makes a key and a certificate for the customer's telephone, signed by the node's authority or by none."""
    key, request, chain = (scene.folder / name for name in ("pbx.key", "pbx.csr", "pbx.pem"))
    words = f"openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {key} -subj /CN=pbx".split()
    words += ["-addext", f"subjectAltName=DNS:{PBX_HOST}"]
    if node:
        output([*words, "-out", request])
        signer = f"-CA {node.root()} -CAkey {node.root().with_suffix('.key')} -days 2 -copy_extensions copy"
        output(["openssl", "x509", "-req", "-in", request, "-out", chain, *signer.split()])
    else:
        output([*words, "-x509", "-days", 2, "-out", chain])
    both = scene.folder / "pbx.both"
    both.write_text(key.read_text() + chain.read_text())
    return both


CASES = [
    Case("a call by TLS and SRTP to RTP: both hear the other's tone", call_out),
    Case("the same with a login by MD5", call_out, login(PASSWORD), f";auth_user=pbx;auth_pass={PASSWORD}"),
    Case("a call from RTP to TLS and SRTP: both hear the other's tone", call_in),
    Case("a certificate of somebody else gets no call", impostor),
    Case("a certificate of somebody else that is pinned gets its call", pinned),
    Case("TLS: the callee hangs up", callee_hangs_up),
    Case("TLS: the callee, called by TLS, hangs up", secure_callee_hangs_up),
    Case("TLS: the caller gives up", given_up),
    Case("nothing in the clear where encryption is required", in_the_clear),
    Case("the certificate of the node is believed for its names, by its root alone", authority),
]
RULES = verdict.CALLS
