/** AWS::Logs::LogGroup (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html). */
import type { Account } from './account.ts';
import { generatedName } from './cloudformation/names.ts';
import { type Created, provider, type ResourceProvider } from './cloudformation/provider.ts';
import { AwsError, notModelled } from './errors.ts';
import { list, structure } from './shapes.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const logGroupShape = structure({
  LogGroupName: 'string',
  RetentionInDays: 'integer',
  Tags: list(structure({ Key: 'string', Value: 'string' })),
});

export function logsResources(account: Account): readonly ResourceProvider[] {
  const groups = new Set<string>();
  const created = (name: string): Created => ({
    physicalId: name,
    attributes: { Arn: `${account.arn('logs', `log-group:${name}`)}:*` },
  });
  return [
    provider('AWS::Logs::LogGroup', logGroupShape, {
      create({ LogGroupName, RetentionInDays }, context) {
        const name = LogGroupName ?? generatedName(account, context, 512);
        if (groups.has(name))
          throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
        requireRetention(RetentionInDays);
        groups.add(name);
        return created(name);
      },
      update(name, { LogGroupName, RetentionInDays }) {
        if (LogGroupName !== undefined && LogGroupName !== name)
          throw notModelled('the replacement of a log group whose LogGroupName changed');
        requireRetention(RetentionInDays);
        return created(name);
      },
      remove(name) {
        groups.delete(name);
      },
    }),
  ];
}

function requireRetention(days: number | undefined): void {
  if (days !== undefined && !retentionDays.includes(days))
    throw new AwsError(
      'InvalidParameterException',
      `RetentionInDays ${days} is not one of ${retentionDays.join(', ')}`,
    );
}
