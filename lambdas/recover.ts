import { recoverHandler } from './handlers.ts';
import { sandbox } from './sandbox.ts';

export const handler = recoverHandler(sandbox());
