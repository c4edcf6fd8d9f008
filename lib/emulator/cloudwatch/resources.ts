/** AWS::CloudWatch::Alarm: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html */
import { generatedName } from '../cloudformation/names.ts';
import { type Created, provider, type ResourceProvider } from '../cloudformation/provider.ts';
import { notModelled } from '../errors.ts';
import { structure, type Value } from '../shapes.ts';
import { readSettings } from './alarm.ts';
import { alarmMembers, readTags } from './alarm-wire.ts';
import type { CloudWatch } from './cloudwatch.ts';

const shape = structure(alarmMembers);

const nameLimit = 255;

export function cloudWatchResources(cw: CloudWatch): readonly ResourceProvider[] {
  const put = (name: string, properties: Value<typeof shape>): Created => {
    const { arn } = cw.putAlarm(readSettings({ ...properties, AlarmName: name }), readTags(properties.Tags));
    return { physicalId: name, attributes: { Arn: arn } };
  };
  return [
    provider('AWS::CloudWatch::Alarm', shape, {
      create: (properties, context) =>
        put(properties.AlarmName ?? generatedName(cw.account, context, nameLimit), properties),
      update: (name, properties) => {
        if ((properties.AlarmName ?? name) !== name)
          throw notModelled('the replacement of an alarm whose AlarmName changed');
        return put(name, properties);
      },
      remove: (physicalId) => cw.deleteAlarm(physicalId),
    }),
  ];
}
