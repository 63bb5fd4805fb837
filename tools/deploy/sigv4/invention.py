"""Requests that somebody could make: any operation of the model with any input, and odd ones by hand."""

import datetime
import json
import urllib.parse

from botocore.awsrequest import AWSRequest

LETTERS = "abzAZ019-._~ +%/&=?#:@!$'()*,;\"<>[]{}|\\^`éß≈😀"
IDS = ["+12065550100", "%2B12065550100", "%252B", "..", "a/../b", "a b", "ünïcode", "arn:aws:chime:us-east-1:1:vc/x"]


def text(seeded, least=1):
    if seeded.random() < 0.2:
        return seeded.choice(IDS)
    return "".join(seeded.choice(LETTERS) for _ in range(max(least, seeded.randint(1, 12))))


def value(seeded, shape, depth=0):
    """Something that fits a shape of botocore's model, with its required members and some of the others."""
    kind = shape.type_name
    if kind == "structure":
        wanted = [
            name
            for name in shape.members
            if name in shape.required_members or (depth < 4 and seeded.random() < 0.4)
        ]
        return {name: value(seeded, shape.members[name], depth + 1) for name in wanted}
    if kind == "list":
        count = max(shape.metadata.get("min", 0), seeded.randint(1, 2))
        return [value(seeded, shape.member, depth + 1) for _ in range(count)]
    if kind == "map":
        return {text(seeded): value(seeded, shape.value, depth + 1)}
    if kind == "string":
        return seeded.choice(shape.enum) if shape.enum else text(seeded, shape.metadata.get("min", 1))
    if kind in ("integer", "long"):
        return max(shape.metadata.get("min", 0), seeded.randint(0, 99))
    if kind in ("float", "double"):
        return 0.5
    if kind == "boolean":
        return seeded.random() < 0.5
    if kind == "timestamp":
        return datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
    if kind == "blob":
        return text(seeded).encode()
    raise ValueError(f"the model has a kind that this does not know: {kind}")


def by_hand(seeded, endpoint):
    """A request without a model: detours, doubled and empty parameters, spaces in headers.

    Not with a bare `;` in the path: botocore signs what stands behind it in the last segment, and does not send it.
    """
    segments = [urllib.parse.quote(text(seeded), safe="") for _ in range(seeded.randint(0, 4))]
    for _ in range(seeded.randint(0, 2)):
        segments.insert(seeded.randint(0, len(segments)), seeded.choice(["", ".", "..", "a:b@c", "$d!e=f,g&h", "~(i)*'"]))
    url = f"{endpoint}/" + "/".join(segments)
    parameters, query = {}, []
    if seeded.random() < 0.5:
        parameters = {text(seeded): text(seeded) for _ in range(seeded.randint(0, 4))}
    else:
        names = [urllib.parse.quote(text(seeded), safe="-_.~") for _ in range(3)]
        for _ in range(seeded.randint(0, 5)):
            written = urllib.parse.quote(text(seeded), safe="-_.~")
            query.append(f"{seeded.choice(names)}={seeded.choice([written, '', '0'])}")
    if query:
        url += "?" + "&".join(query)
    headers = {"Content-Type": "application/json"} if seeded.random() < 0.5 else {}
    for name in ("X-Amz-Meta", "x-amz-Target", "Accept", "my-Header", "User-Agent"):
        if seeded.random() < 0.3:
            headers[name] = seeded.choice(["a", "a   b", '  "a   b"  ', "a\t b,  c", "A=1; b"])
    body = json.dumps({text(seeded): text(seeded)}, ensure_ascii=seeded.random() < 0.5).encode()
    method = seeded.choice(["GET", "POST", "PUT", "DELETE", "PATCH"])
    return AWSRequest(method, url, headers, body if method in ("POST", "PUT", "PATCH") else b"", parameters)
