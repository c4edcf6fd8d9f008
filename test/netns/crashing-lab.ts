/** A lab that says when it stands, and then waits to be killed. */
import { openSmallVpc } from './small-vpc.ts';

const { say } = openSmallVpc();
await say('true');
process.stdout.write('standing\n');
setInterval(() => undefined, 60_000);
