/**
 * Runs for a moment inside the VPC's namespace: a socket belongs to the namespace it was made in, whoever holds it
 * later. Listens, hands the listener to its parent, and ends.
 */
import { createServer } from 'node:net';

const [address, port] = process.argv.slice(2);
const server = createServer();
server.listen(Number(port), address, () => process.send?.('listening', server));
process.once('disconnect', () => process.exit());
