/** Where humans are paged: by the functions, by work that Lambda gave up on, by the engine's own alarm. */
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

/**
 * No topic policy and no key of AWS: the topic's own default lets CloudWatch of this account publish, either would stop it.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 */
export function pageTopic(scope: Construct, fleet: string, notify: readonly string[]): Topic {
  const topic = new Topic(scope, 'PageTopic', { displayName: `Holdfast ${fleet}` });
  for (const address of notify) topic.addSubscription(new EmailSubscription(address));
  return topic;
}
