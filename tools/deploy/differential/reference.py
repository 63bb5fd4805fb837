"""libsrtp, out of the wheel of pylibsrtp, for all eight suites and without copies that cost time.

The Python classes of pylibsrtp know four suites. The library behind them knows all; the functions that set up the others
are exported by the same file.
"""

import ctypes

from pylibsrtp import _binding

ffi, lib = _binding.ffi, _binding.lib
exported = ctypes.CDLL(_binding.__file__)

# Name: length of the key, length of the salt, the policy for RTP, the policy for RTCP. RFC 4568 section 6.2.2: a suite
# with a tag of 32 bits keeps 80 for RTCP.
SUITES = {
    "AES_CM_128_HMAC_SHA1_80": (16, 14, "rtp_default", "rtp_default"),
    "AES_CM_128_HMAC_SHA1_32": (16, 14, "aes_cm_128_hmac_sha1_32", "rtp_default"),
    "AES_192_CM_HMAC_SHA1_80": (24, 14, "aes_cm_192_hmac_sha1_80", "aes_cm_192_hmac_sha1_80"),
    "AES_192_CM_HMAC_SHA1_32": (24, 14, "aes_cm_192_hmac_sha1_32", "aes_cm_192_hmac_sha1_80"),
    "AES_256_CM_HMAC_SHA1_80": (32, 14, "aes_cm_256_hmac_sha1_80", "aes_cm_256_hmac_sha1_80"),
    "AES_256_CM_HMAC_SHA1_32": (32, 14, "aes_cm_256_hmac_sha1_32", "aes_cm_256_hmac_sha1_80"),
    "AEAD_AES_128_GCM": (16, 12, "aes_gcm_128_16_auth", "aes_gcm_128_16_auth"),
    "AEAD_AES_256_GCM": (32, 12, "aes_gcm_256_16_auth", "aes_gcm_256_16_auth"),
}

# The words of Trunkline for what libsrtp answers (srtp_err_status_t).
REASONS = {7: "bad_tag", 9: "replayed", 10: "too_old"}

# An RTP packet under the key 01 02 03 ..., as AES_192_CM_HMAC_SHA1_80 seals it with the keys that RFC 6188 derives.
PLAIN = bytes.fromhex("800000010000000000000009") + bytes(20)
SEALED = PLAIN[:12] + bytes.fromhex("15347d98aa5a209ae7a09ab13ea8ed47afb71ddcea8c7fce2d3fcff33f5c")

LEN_MAX = 4096


def key_len(suite):
    key, salt, _, _ = SUITES[suite]
    return key + salt


def why_not(suite):
    """Returns why this libsrtp is no reference for the suite; None if it is one."""
    if not suite.startswith("AES_192"):
        return None
    probe = "AES_192_CM_HMAC_SHA1_80"
    if seal(probe, bytes(range(1, key_len(probe) + 1)), [(False, PLAIN)]) == [SEALED]:
        return None
    return "this libsrtp derives other keys than RFC 6188 (https://github.com/cisco/libsrtp/issues/763)"


def seal(suite, key, packets):
    """Returns what became of each (is RTCP, bytes): the sealed bytes, or the reason of the refusal as a word."""
    return _each(suite, key, packets, lib.ssrc_any_outbound, lib.srtp_protect, lib.srtp_protect_rtcp)


def open(suite, key, packets):
    """Returns what became of each (is RTCP, bytes): the opened bytes, or the reason of the refusal as a word."""
    return _each(suite, key, packets, lib.ssrc_any_inbound, lib.srtp_unprotect, lib.srtp_unprotect_rtcp)


def _each(suite, key, packets, ssrc_type, transform_rtp, transform_rtcp):
    session, policy_and_key = _session(suite, key, ssrc_type)
    context = session[0]
    buffer = ffi.new("char[]", LEN_MAX)
    view = ffi.buffer(buffer)
    length = ffi.new("int *")
    outcomes = []
    for is_rtcp, packet in packets:
        size = len(packet)
        view[0:size] = packet
        length[0] = size
        status = (transform_rtcp if is_rtcp else transform_rtp)(context, buffer, length)
        outcomes.append(view[0 : length[0]] if status == 0 else REASONS.get(status, f"status {status}"))
    lib.srtp_dealloc(context)
    del policy_and_key
    return outcomes


def _session(suite, key, ssrc_type):
    _, _, rtp, rtcp = SUITES[suite]
    policy = ffi.new("srtp_policy_t *")
    for name, target in ((rtp, policy.rtp), (rtcp, policy.rtcp)):
        set_policy = getattr(exported, f"srtp_crypto_policy_set_{name}")
        set_policy.argtypes, set_policy.restype = [ctypes.c_void_p], None
        set_policy(int(ffi.cast("uintptr_t", ffi.addressof(target))))
    key_bytes = ffi.new("unsigned char[]", key)
    policy.key = key_bytes
    policy.ssrc.type = ssrc_type
    policy.window_size = 128
    session = ffi.new("srtp_t *")
    status = lib.srtp_create(session, policy)
    if status != 0:
        raise RuntimeError(f"libsrtp cannot do {suite}: status {status}")
    return session, (policy, key_bytes)
