/** The SSM Command document through which dependents on the hosts are started, stopped and looked at. */
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { dependentDocument } from '../host/dependent-document.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { alarmPrefix } from '../recovery/names.ts';
import { hostDependents } from './host-dependents.ts';

/** Null when nothing on a host depends on an address. @throws Error when it is over the limit of a document */
export function dependentCommand(scope: Construct, definition: FleetDefinition): CfnDocument | null {
  const dependents = hostDependents(definition);
  if (dependents.length === 0) return null;
  return new CfnDocument(scope, 'DependentDocument', {
    name: `${alarmPrefix(definition.name)}dependent`,
    documentType: 'Command',
    documentFormat: 'JSON',
    targetType: '/AWS::EC2::Instance',
    updateMethod: 'NewVersion',
    content: dependentDocument(dependents),
  });
}
