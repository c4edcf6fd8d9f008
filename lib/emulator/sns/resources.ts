/**
 * AWS::SNS::Topic, ::Subscription and ::TopicPolicy:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html
 */
import { generatedName } from '../cloudformation/names.ts';
import { type Created, provider, type ResourceProvider } from '../cloudformation/provider.ts';
import { notModelled } from '../errors.ts';
import { list, structure } from '../shapes.ts';
import { readTags } from './service.ts';
import type { Sns, Topic } from './sns.ts';
import { readTopicPolicy } from './topic-policy.ts';

const topicShape = structure({
  TopicName: 'string',
  DisplayName: 'string',
  Tags: list(structure({ Key: 'string', Value: 'string' })),
});
const subscriptionShape = structure({ Protocol: 'string', Endpoint: 'string', TopicArn: 'string' });
const policyShape = structure({ PolicyDocument: 'json', Topics: list('string') });

const nameLimit = 256;

export function snsResources(sns: Sns): readonly ResourceProvider[] {
  return [topics(sns), subscriptions(sns), topicPolicies(sns)];
}

function topics(sns: Sns): ResourceProvider {
  const created = ({ arn, name }: Topic): Created => ({
    physicalId: arn,
    attributes: { TopicArn: arn, TopicName: name },
  });
  return provider('AWS::SNS::Topic', topicShape, {
    create: ({ TopicName, DisplayName = '', Tags }, context) => {
      const name = TopicName ?? generatedName(sns.account, context, nameLimit);
      return created(sns.createTopic(name, { displayName: DisplayName, tags: readTags(Tags) }));
    },
    update: (arn, { TopicName, DisplayName = '', Tags }) => {
      if ((TopicName ?? sns.topic(arn).name) !== sns.topic(arn).name)
        throw notModelled('the replacement of a topic whose TopicName changed');
      return created(sns.changeTopic(arn, { displayName: DisplayName, tags: readTags(Tags) }));
    },
    remove: (arn) => sns.deleteTopic(arn),
  });
}

function subscriptions(sns: Sns): ResourceProvider {
  return provider('AWS::SNS::Subscription', subscriptionShape, {
    create: ({ TopicArn = '', Protocol = '', Endpoint = '' }) => ({
      physicalId: sns.subscribe(TopicArn, Protocol, Endpoint).arn,
    }),
    remove: (arn) => sns.unsubscribe(arn),
  });
}

function topicPolicies(sns: Sns): ResourceProvider {
  const topicsOf = new Map<string, readonly string[]>();
  const put = (physicalId: string, document: unknown, arns: readonly string[]): Created => {
    const policy = readTopicPolicy(document);
    for (const arn of arns) sns.setPolicy(arn, policy);
    topicsOf.set(physicalId, arns);
    return { physicalId };
  };
  const remove = (physicalId: string) => {
    const known = sns.topics().map(({ arn }) => arn);
    for (const arn of topicsOf.get(physicalId) ?? []) if (known.includes(arn)) sns.setPolicy(arn, undefined);
    topicsOf.delete(physicalId);
  };
  return provider('AWS::SNS::TopicPolicy', policyShape, {
    create: ({ PolicyDocument, Topics = [] }, context) =>
      put(generatedName(sns.account, context), PolicyDocument, Topics),
    update: (physicalId, { PolicyDocument, Topics = [] }) => {
      remove(physicalId);
      return put(physicalId, PolicyDocument, Topics);
    },
    remove,
  });
}
