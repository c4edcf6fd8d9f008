/**
 * Runs on each server: answers what is sent to the protected address, with the server's name. It is bound before the
 * address has come, as a service is that waits for its address; Node has no IP_FREEBIND, so for the moment of the bind
 * the guest allows it to all.
 */
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

const [address, port] = process.argv.slice(2);
const anyAddress = '/proc/sys/net/ipv4/ip_nonlocal_bind';
const name = hostname();
const socket = createSocket('udp4');

socket.on('message', (question, { address: from, port: fromPort }) =>
  socket.send(`${question.toString('latin1')} ${name}`, fromPort, from, () => undefined),
);
writeFileSync(anyAddress, '1');
socket.bind(Number(port), address, () => writeFileSync(anyAddress, '0'));
