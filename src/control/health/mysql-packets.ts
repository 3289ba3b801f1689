/** What the client/server protocol of MySQL and MariaDB writes and reads, as far as a check needs it. */

const PROTOCOL_41 = 0x0000_0200;
const SECURE_CONNECTION = 0x0000_8000;
const PLUGIN_AUTH = 0x0008_0000;
const LONG_PASSWORD = 0x0000_0001;
const CAPABILITIES = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
const LARGEST_PACKET = 16_777_215;
/** utf8mb4_general_ci, which both have. */
const CHARACTER_SET = 45;
const HANDSHAKE_10 = 10;
const ERROR = 0xff;
const END = 0xfe;
const COM_QUIT = 1;
const COM_QUERY = 3;
const NATIVE = 'mysql_native_password';
/** After the version's text: thread, scramble and filler; then capabilities, low half first. */
const LOW_CAPABILITIES = 4 + 8 + 1;
/** From there on: the character set, the status, the high half, the scramble's length and ten reserved bytes. */
const SECOND_SCRAMBLE = 2 + 1 + 2 + 2 + 1 + 10;

/** A packet: length, number in its sequence, body. */
export function packet(sequence: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.byteLength, 0, 3);
  head[3] = sequence & 0xff;
  return Buffer.concat([head, body]);
}

export function query(text: string): Buffer {
  return packet(0, Buffer.concat([Buffer.of(COM_QUERY), Buffer.from(text)]));
}

export const QUIT: Buffer = packet(0, Buffer.of(COM_QUIT));

export function isErrorPacket(body: Buffer): boolean {
  return body[0] === ERROR;
}

/** `Access denied for user … (1045)`. */
export function errorOf(body: Buffer): string {
  if (body.length < 3) return 'an error without a number';
  const text = body.toString('utf8', 3);
  // A state of five characters after `#`, but not before the login.
  return `${text.startsWith('#') ? text.slice(6) : text} (${body.readUInt16LE(1)})`;
}

export function isRowsEnd(body: Buffer): boolean {
  return body[0] === END && body.length < 9;
}

/** How the server wants to be logged in to; undefined: that is no greeting that can be answered. */
export function greetingPlugin(body: Buffer): string | undefined {
  const version = body.indexOf(0, 1);
  if (body[0] !== HANDSHAKE_10 || version === -1) return undefined;
  const at = version + 1 + LOW_CAPABILITIES;
  if (body.length < at + SECOND_SCRAMBLE) return undefined;
  const capabilities = body.readUInt16LE(at) + body.readUInt16LE(at + 5) * 65_536;
  if ((capabilities & PROTOCOL_41) === 0) return undefined;
  if ((capabilities & PLUGIN_AUTH) === 0) return NATIVE;
  const scrambleBytes = Math.max(13, body[at + 7]! - 8);
  return textAt(body, at + SECOND_SCRAMBLE + scrambleBytes) || NATIVE;
}

/** Which one the server wants instead. */
export function switchedPlugin(body: Buffer): string {
  return textAt(body, 1);
}

/** The answer to the greeting: a user without a password. */
export function loginPacket(user: string, plugin: string): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(CAPABILITIES, 0);
  head.writeUInt32LE(LARGEST_PACKET, 4);
  head[8] = CHARACTER_SET;
  const noPassword = '\0'; // the length of what proves it
  return Buffer.concat([head, Buffer.from(`${user}\0${noPassword}${plugin}\0`)]);
}

/** To the next zero byte, or the end. */
function textAt(body: Buffer, from: number): string {
  const end = body.indexOf(0, from);
  return body.toString('latin1', from, end === -1 ? body.length : end);
}
