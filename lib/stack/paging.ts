/** Where humans are paged: by the functions, by work that Lambda gave up on, by rules and by the engine's own alarm. */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { alarmArns } from './alarms.ts';

/** No key of AWS: it would keep CloudWatch out. */
export function pageTopic(scope: Construct, fleet: string, notify: readonly string[]): Topic {
  const topic = new Topic(scope, 'PageTopic', { displayName: `Holdfast ${fleet}` });
  for (const address of notify) topic.addSubscription(new EmailSubscription(address));
  for (const statement of whoPublishes(scope, fleet, topic)) topic.addToResourcePolicy(statement);
  return topic;
}

/**
 * A policy of its own takes the place of the one that every topic has, which lets alarms in: so both are named. Functions
 * publish by the right of their roles. A rule brings nothing that a condition could ask for.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
 */
function whoPublishes(scope: Construct, fleet: string, { topicArn }: Topic): readonly PolicyStatement[] {
  const publish = { actions: ['sns:Publish'], resources: [topicArn] };
  return [
    new PolicyStatement({
      sid: 'Alarms',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      ...publish,
      conditions: {
        ArnLike: { 'aws:SourceArn': alarmArns(scope, fleet) },
        StringEquals: { 'aws:SourceAccount': Stack.of(scope).account },
      },
    }),
    new PolicyStatement({
      sid: 'Rules',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      ...publish,
    }),
  ];
}
