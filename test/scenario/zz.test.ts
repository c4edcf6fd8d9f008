import { test } from 'vitest';
import { failover, localMove, play } from './courses.ts';
import { crashBehind } from './crashes.ts';
for (const c of [localMove, failover]) test('n '+c.name, async () => { for (let k=1;k<40;k++){ let plan={crashes:()=>0}; const a=performance.now(); await play(c,(i)=>{plan=crashBehind(i,k)}); console.log(c.name,k,plan.crashes(),(performance.now()-a).toFixed()); if(!plan.crashes()) break; }},200000);
