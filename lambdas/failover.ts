import { failoverHandler } from './failover-handler.ts';
import { sandbox } from './sandbox.ts';

export const handler = failoverHandler(sandbox());
