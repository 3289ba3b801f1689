import { Connection } from '../connection.ts';
import type { Socket } from '../transport.ts';

/** A connection over a socket whose kernel takes as much as the script says; all that happens to it is in `log`. */
export interface ScriptedConnection {
  readonly connection: Connection;
  /** `write:<what was accepted>`, `pause`, `resume`, `shutdown`, `end`, `terminate`, in order. */
  readonly log: string[];
  /** What each write accepts at most, in turn; negative: the connection is closed. Nothing is left: everything. */
  readonly script: number[];
  /** All bytes that were accepted. */
  sent(): string;
}

export function scriptedConnection(...script: number[]): ScriptedConnection {
  const log: string[] = [];
  let sent = '';
  const note = (what: string) => () => void log.push(what);
  const socket: Socket<never> = {
    data: undefined as never,
    remoteAddress: '',
    remotePort: 0,
    localAddress: '',
    localPort: 0,
    write(bytes, offset, length) {
      const accepted = Math.min(length, script.shift() ?? length);
      if (accepted < 0) {
        log.push('write failed');
        return accepted;
      }
      const text = Buffer.from(bytes.subarray(offset, offset + accepted)).toString('latin1');
      sent += text;
      log.push(`write:${text}`);
      return accepted;
    },
    pause: note('pause'),
    resume: note('resume'),
    shutdown: note('shutdown'),
    close: note('close'),
    terminate: note('terminate'),
  };
  const connection = new Plain();
  connection.socket = socket;
  return { connection, log, script, sent: () => sent };
}

class Plain extends Connection {
  onTimeout(): void {}
}
