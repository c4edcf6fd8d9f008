/**
 * Runs on the client: asks the protected address every 10 ms and says what was answered, one line each: number of the
 * question, when it was sent, when it was answered, and by whom. A number that is missing was not answered in a second.
 */
import { createSocket } from 'node:dgram';
import { WallClock } from '../emulator/clock.ts';

const everyMs = 10;
const patienceMs = 1_000;

const [address, port] = process.argv.slice(2);
const clock = new WallClock();
const socket = createSocket('udp4');
/** Number of a question to when it was sent, oldest first. */
const open = new Map<number, number>();
let asked = 0;

socket.on('message', (answer) => {
  const nowMs = clock.now();
  const [number = '', server = '?'] = answer.toString('latin1').split(' ');
  const sentMs = open.get(Number(number));
  if (sentMs === undefined || !open.delete(Number(number))) return;
  process.stdout.write(`${number} ${sentMs} ${nowMs} ${server}\n`);
});
socket.on('error', () => undefined); // a way that is closed is a question that nobody answers

function ask(dueMs: number): void {
  const nowMs = clock.now();
  for (const [number, sentMs] of open) {
    if (nowMs - sentMs < patienceMs) break;
    open.delete(number);
  }
  asked += 1;
  open.set(asked, nowMs);
  socket.send(String(asked), Number(port), address, () => undefined);
  const nextMs = Math.max(dueMs + everyMs, nowMs);
  setTimeout(() => ask(nextMs), nextMs - clock.now());
}
ask(clock.now());
