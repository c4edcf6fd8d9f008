/** In which order the resources of a template come: what is referred to first, else as the template lists them. */
import { invalid, references } from './intrinsics.ts';
import type { Template } from './template.ts';

/** @throws AwsError ValidationError naming a reference to nothing, or the cycle */
export function deploymentOrder(template: Template, included: ReadonlySet<string>): readonly string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const visit = (logicalId: string, path: readonly string[]): void => {
    if (done.has(logicalId)) return;
    if (path.includes(logicalId))
      throw invalid(`Circular dependency between resources: [${[...path, logicalId].join(', ')}]`);
    for (const needed of dependencies(template, logicalId))
      if (included.has(needed)) visit(needed, [...path, logicalId]);
    done.add(logicalId);
    order.push(logicalId);
  };
  for (const logicalId of Object.keys(template.Resources)) if (included.has(logicalId)) visit(logicalId, []);
  return order;
}

function dependencies(template: Template, logicalId: string): readonly string[] {
  const resource = template.Resources[logicalId];
  const named = [...references(resource?.Properties), ...[resource?.DependsOn ?? []].flat()];
  for (const name of named)
    if (
      !name.startsWith('AWS::') &&
      !template.Resources[name] &&
      !template.Parameters?.[name] &&
      !isLocal(resource, name)
    )
      throw invalid(`Unresolved resource dependencies [${name}] in the resource ${logicalId}`);
  return named.filter((name) => template.Resources[name] !== undefined);
}

/** Names that the second form of Fn::Sub brings along are no references. */
function isLocal(value: unknown, name: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, item]) => {
    if (key === 'Fn::Sub' && Array.isArray(item) && Object.hasOwn(Object(item[1]), name)) return true;
    return isLocal(item, name);
  });
}
