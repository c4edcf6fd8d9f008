/** The SSM Command document through which the functions work on an instance's operating system. */
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { addressDocument } from '../host/document.ts';
import { alarmPrefix } from '../recovery/names.ts';

/**
 * A changed script becomes a new default version of the same document; `Replace` would need a new name.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ssm-document.html
 */
export function addressCommand(scope: Construct, fleet: string): CfnDocument {
  return new CfnDocument(scope, 'AddressDocument', {
    name: `${alarmPrefix(fleet)}address`,
    documentType: 'Command',
    documentFormat: 'JSON',
    targetType: '/AWS::EC2::Instance',
    updateMethod: 'NewVersion',
    content: addressDocument(),
  });
}
