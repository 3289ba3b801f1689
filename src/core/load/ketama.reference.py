# The reference of ketama.test.ts, which has what this prints: libketama's ring in a few lines over hashlib.
#
#   python3 src/core/load/ketama.reference.py
import bisect, hashlib, struct

servers = [f"10.0.1.{i}:11211" for i in (1, 2, 3, 4)]
ring = sorted((p, s) for s in servers for n in range(40) for p in struct.unpack("<4I", hashlib.md5(f"{s}-{n}".encode()).digest()))
points = [p for p, _ in ring]
def owner(key):
    h = struct.unpack("<I", hashlib.md5(key.encode()).digest()[:4])[0]
    return ring[bisect.bisect_left(points, h) % len(ring)][1]
print(len(ring), ring[:3], ring[-1])
print(hashlib.md5(b"".join(struct.pack("<I", p) for p in points)).hexdigest())
print([servers.index(owner(f"key-{i}")) for i in range(24)])
print([sum(owner(f"key-{i}") == s for i in range(10000)) for s in servers])
