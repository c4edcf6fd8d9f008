import { operateHandler } from './handlers.ts';
import { sandbox } from './sandbox.ts';

export const handler = operateHandler(sandbox());
