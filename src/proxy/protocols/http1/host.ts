import { COLON, HEX_VALUE, HOST_BYTE } from './bytes.ts';

/** `uri-host [":" port]`, not empty; brackets only around an IPv6 literal. */
export function isHost(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return false;
  let portStart = -1;
  const bracketed = bytes[start] === 91;
  let closed = !bracketed;
  let colons = 0;
  for (let p = start; p < end; p++) {
    const byte = bytes[p]!;
    if (HOST_BYTE[byte] !== 1) return false;
    if (byte === 93) {
      if (!bracketed || closed || colons < 2) return false;
      closed = true;
    } else if (byte === 91 && p !== start) return false;
    else if (byte === COLON && closed) {
      if (portStart !== -1) return false;
      portStart = p + 1;
    } else if (portStart !== -1 && (byte < 48 || byte > 57)) return false;
    else if (bracketed && closed && portStart === -1) return false;
    else if (!closed && byte === COLON) colons++;
    else if (!closed && p !== start && byte !== 46 && HEX_VALUE[byte] === 255) return false;
  }
  return closed && portStart !== start + 1 && (portStart === -1 || isPort(bytes, portStart, end));
}

/** Empty, or a decimal number up to 65535. */
function isPort(bytes: Uint8Array, start: number, end: number): boolean {
  let port = 0;
  for (let p = start; p < end && port <= 65_535; p++) port = port * 10 + bytes[p]! - 48;
  return port <= 65_535;
}
