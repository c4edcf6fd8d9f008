import { failoverHandler } from './handlers.ts';
import { sandbox } from './sandbox.ts';

export const handler = failoverHandler(sandbox());
