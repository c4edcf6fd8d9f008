/** A route to the server's interface in every listed table, all or none. */
import type { KindOf } from './dependents.ts';
import type { AskedEc2 } from './interfaces.ts';
import { deleteRoutes, idOf, lookAtRoutes, pointRoutes } from './routes.ts';

export function dependentRoutes(asked: AskedEc2): KindOf<'route'> {
  return {
    async look({ destination, routeTables }, { eniId }) {
      const routes = await lookAtRoutes(asked, routeTables, destination);
      const missing = routes.filter(({ target }) => target === null).map(({ table }) => table);
      const leads = routes
        .filter(({ target }) => target !== null && idOf(target) !== eniId)
        .map(({ table, target }) => `${table}: ${idOf(target ?? {})}`);
      if (missing.length + leads.length === 0)
        return { state: 'in-service', detail: `${destination} leads to ${eniId} in every table` };
      if (missing.length === routes.length)
        return { state: 'out-of-service', detail: `no route to ${destination}` };
      if (leads.length === 0)
        return { state: 'failed', detail: `no route to ${destination} in ${missing.join(', ')}` };
      return { state: 'elsewhere', detail: `${destination} leads elsewhere in ${leads.join(', ')}` };
    },
    start: ({ destination, routeTables }, { eniId }) => pointRoutes(asked, routeTables, destination, eniId),
    stop: ({ destination, routeTables }, { eniId }) => deleteRoutes(asked, routeTables, destination, eniId),
  };
}
