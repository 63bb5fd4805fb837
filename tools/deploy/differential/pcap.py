"""Captures with raw IP frames, in which the time of a packet is its number."""

import struct

RECORD = struct.Struct("<IIII")
IP_AND_UDP_LEN = 28
RAW_IP = 101


def write(path, payloads):
    """Writes each payload in a datagram; the number of the payload is the second at which it was captured."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, RAW_IP)]
    headers = {}
    for number, payload in enumerate(payloads):
        size = len(payload)
        header = headers.get(size)
        if header is None:
            header = headers[size] = _headers(size)
        parts.append(RECORD.pack(number, 0, IP_AND_UDP_LEN + size, IP_AND_UDP_LEN + size))
        parts.append(header)
        parts.append(payload)
    with open(path, "wb") as file:
        file.write(b"".join(parts))


def read(path):
    """Returns the payloads by their numbers."""
    with open(path, "rb") as file:
        content = file.read()
    payloads = {}
    offset = 24
    while offset < len(content):
        number, _, size, _ = RECORD.unpack_from(content, offset)
        offset += RECORD.size
        payloads[number] = content[offset + IP_AND_UDP_LEN : offset + size]
        offset += size
    return payloads


def _headers(payload_len):
    """Makes the headers of IPv4 and UDP; a UDP checksum of zero means that there is none."""
    addresses = bytes([192, 0, 2, 1, 198, 51, 100, 2])
    ip = struct.pack(">BBHHHBBH", 0x45, 0xB8, IP_AND_UDP_LEN + payload_len, 0, 0x4000, 64, 17, 0) + addresses
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    ip = ip[:10] + struct.pack(">H", checksum) + ip[12:]
    return ip + struct.pack(">HHHH", 40000, 5004, 8 + payload_len, 0)
