"""What is sent, and what a bad network makes of it: the same for the same seed."""

import struct

SSRCS = (0x00000001, 0x7472756E, 0xDEADBEEF, 0xFFFFFFFF)

# How many sources a sealer of Trunkline knows; libsrtp knows any number.
SOURCES_MAX = 2

RTP_HEADER = struct.Struct(">BBHII")


def media(random, rtp_packets, rtcp_packets):
    """Returns (is RTCP, bytes) in the order of sending.

    Every source begins shortly before its sequence number wraps. Runs of thousands of numbers are never used, a few
    packets overtake others by up to twenty places, and a few repeat a sequence number, which must not be sealed.
    """
    noise = random.randbytes(1 << 16)
    ssrcs = random.sample(SSRCS, SOURCES_MAX)
    sequences = {ssrc: random.randrange(65_400, 65_536) for ssrc in ssrcs}
    rtcp_places = set(random.sample(range(rtp_packets), rtcp_packets))
    placed = []
    for place in range(rtp_packets):
        ssrc = random.choice(ssrcs)
        sequences[ssrc] += _step(random)
        packet = _rtp(random, noise, ssrc, sequences[ssrc] & 0xFFFF)
        overtaken_by = random.randrange(20) if random.random() < 0.02 else 0
        placed.append((place + overtaken_by, False, packet))
        if random.random() < 0.002:
            # Other bytes under the same number: what a sealer must never do.
            repeated = packet[:12] + random.randbytes(40)
            placed.append((place + random.randrange(1, 400), False, bytes([0x80]) + repeated[1:]))
        if place in rtcp_places:
            placed.append((place, True, _rtcp(random, noise, random.choice(ssrcs))))
    placed.sort(key=lambda entry: entry[0])
    return [(is_rtcp, packet) for _, is_rtcp, packet in placed]


def network(random, sealed):
    """Returns (number of the packet or None if damaged, is RTCP, bytes) in the order of arrival.

    `sealed` has (number, is RTCP, bytes). One packet in a hundred is lost, some are late, some of them too late for the
    replay window; some arrive twice, and of a few a damaged copy arrives as well.
    """
    arrivals = []
    for place, (number, is_rtcp, packet) in enumerate(sealed):
        dice = random.random()
        if dice < 0.01:
            continue
        delay = 0
        if dice < 0.05:
            delay = random.randrange(120)
        elif dice < 0.055:
            delay = random.randrange(900)
        arrivals.append((place + delay, number, is_rtcp, packet))
        if dice > 0.98:
            arrivals.append((place + random.randrange(1000), number, is_rtcp, packet))
        elif dice > 0.978:
            damaged = _damage(random, is_rtcp, packet)
            arrivals.append((place + random.randrange(-50, 50), None, is_rtcp, damaged))
    arrivals.sort(key=lambda arrival: arrival[0])
    return [arrival[1:] for arrival in arrivals]


def _step(random):
    """Returns the distance to the next sequence number: mostly one, sometimes a burst of loss."""
    dice = random.random()
    if dice < 0.003:
        # From 200 on, so that a packet from before the burst is too old for both sides whatever their windows are.
        return random.randrange(200, 6000)
    return random.randrange(2, 4) if dice < 0.01 else 1


def _rtp(random, noise, ssrc, sequence):
    csrcs = random.randrange(16) if random.random() < 0.1 else 0
    has_extension = random.random() < 0.1
    padding = 0x20 if random.random() < 0.05 else 0
    first = 0x80 | padding | (0x10 if has_extension else 0) | csrcs
    # Payload types 64 to 95 would be taken for RTCP on a shared port (RFC 5761 section 4).
    second = random.choice((0, 8, 9, 13, 96, 101, 127)) | random.choice((0, 0x80))
    header = RTP_HEADER.pack(first, second, sequence, random.getrandbits(32), ssrc) + _slice(random, noise, 4 * csrcs)
    if has_extension:
        words = random.randrange(9)
        header += struct.pack(">HH", 0xBEDE, words) + _slice(random, noise, 4 * words)
    return header + _slice(random, noise, random.randrange(1201))


def _rtcp(random, noise, ssrc):
    """Makes a sender report, sometimes with a source description behind it."""
    report = struct.pack(">BBHI", 0x80, 200, 6, ssrc) + _slice(random, noise, 20)
    if random.random() < 0.5:
        words = random.randrange(2, 20)
        report += struct.pack(">BBHI", 0x81, 202, words, ssrc) + _slice(random, noise, 4 * words - 4)
    return report


def _damage(random, is_rtcp, packet):
    """Flips a bit of the fixed header or the tag, or cuts off an end.

    Header and tag keep their room: of a packet that is too short and repeated as well, both reasons are true, and the two
    sides look in another order. The first two bytes stay, as they say whether it is RTP. The end of an RTCP packet stays,
    as it may be its index: the windows for those differ.
    """
    if len(packet) > 200 and random.random() < 0.3:
        return packet[: -random.randrange(1, 10)]
    is_tag = not is_rtcp and random.random() < 0.5
    place = random.randrange(len(packet) - 4, len(packet)) if is_tag else random.randrange(2, 12)
    flipped = bytes([packet[place] ^ 1 << random.randrange(8)])
    return packet[:place] + flipped + packet[place + 1 :]


def _slice(random, noise, size):
    start = random.randrange(len(noise) - size)
    return noise[start : start + size]
