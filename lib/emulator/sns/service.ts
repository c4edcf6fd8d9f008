/**
 * SNS on the wire (AWS Query). IAM targets as in
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
 */
import { AwsError, notModelled } from '../errors.ts';
import { page } from '../paging.ts';
import { operation, type Service } from '../service.ts';
import { list, map, structure } from '../shapes.ts';
import type { Attribute, Sns } from './sns.ts';

const topicsPerPage = 100;

const attributeShape = structure({ DataType: 'string', StringValue: 'string' });

export function snsService(sns: Sns): Service {
  const topic = structure({ TopicArn: 'string' });
  const onTopic = ({ TopicArn = '' }: { readonly TopicArn?: string }) => [{ arn: TopicArn }];
  return {
    signingName: 'sns',
    iamPrefix: 'sns',
    wires: ['query'],
    xmlNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    operations: {
      CreateTopic: operation(
        structure({
          Name: 'string',
          Attributes: map('string'),
          Tags: list(structure({ Key: 'string', Value: 'string' })),
        }),
        ({ Name = '', Attributes = {}, Tags }) => {
          const { DisplayName, ...others } = Attributes;
          const [unknown] = Object.keys(others);
          if (unknown !== undefined) throw notModelled(`the topic attribute ${unknown}`, 'InvalidParameter');
          const created = sns.createTopic(Name, {
            ...(DisplayName === undefined ? {} : { displayName: DisplayName }),
            tags: readTags(Tags),
          });
          return { TopicArn: created.arn };
        },
        ({ Name = '' }) => [{ arn: sns.account.arn('sns', Name) }],
      ),
      DeleteTopic: operation(
        topic,
        ({ TopicArn }) => {
          sns.deleteTopic(required(TopicArn, 'TopicArn'));
          return {};
        },
        onTopic,
      ),
      ListTopics: operation(structure({ NextToken: 'string' }), ({ NextToken }) => {
        const { items, nextToken } = page(sns.topics(), topicsPerPage, NextToken, () => invalid('NextToken'));
        return { Topics: items.map(({ arn }) => ({ TopicArn: arn })), NextToken: nextToken };
      }),
      GetTopicAttributes: operation(
        topic,
        ({ TopicArn }) => {
          const { arn, displayName } = sns.topic(required(TopicArn, 'TopicArn'));
          const subscriptions = sns.subscriptions(arn);
          const pending = subscriptions.filter(({ protocol }) => protocol === 'email').length;
          return {
            Attributes: new Map([
              ['TopicArn', arn],
              ['Owner', sns.account.id],
              ['DisplayName', displayName],
              ['SubscriptionsConfirmed', String(subscriptions.length - pending)],
              ['SubscriptionsPending', String(pending)],
              ['SubscriptionsDeleted', '0'],
            ]),
          };
        },
        onTopic,
      ),
      Subscribe: operation(
        structure({
          TopicArn: 'string',
          Protocol: 'string',
          Endpoint: 'string',
          ReturnSubscriptionArn: 'boolean',
        }),
        ({ TopicArn, Protocol, Endpoint, ReturnSubscriptionArn }) => {
          const { arn, protocol } = sns.subscribe(
            required(TopicArn, 'TopicArn'),
            required(Protocol, 'Protocol'),
            required(Endpoint, 'Endpoint'),
          );
          // A mail address has to be confirmed first: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
          const pending = protocol === 'email' && ReturnSubscriptionArn !== true;
          return { SubscriptionArn: pending ? 'pending confirmation' : arn };
        },
        ({ TopicArn = '', Protocol = '', Endpoint = '' }) => [
          { arn: TopicArn, keys: { 'sns:Protocol': Protocol, 'sns:Endpoint': Endpoint } },
        ],
      ),
      Publish: operation(
        structure({
          TopicArn: 'string',
          Subject: 'string',
          Message: 'string',
          MessageAttributes: map(attributeShape),
        }),
        ({ TopicArn, Subject, Message, MessageAttributes = {} }) => {
          const { messageId } = sns.publish(required(TopicArn, 'TopicArn'), {
            message: required(Message, 'Message'),
            attributes: readAttributes(MessageAttributes),
            ...(Subject === undefined ? {} : { subject: Subject }),
          });
          return { MessageId: messageId };
        },
        onTopic,
      ),
    },
  };
}

export function readTags(tags: readonly { readonly Key?: string; readonly Value?: string }[] = []): {
  readonly [key: string]: string;
} {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

function readAttributes(raw: {
  readonly [name: string]: { readonly DataType?: string; readonly StringValue?: string };
}): { readonly [name: string]: Attribute } {
  return Object.fromEntries(
    Object.entries(raw).map(([name, { DataType, StringValue }]) => {
      if (DataType === undefined || StringValue === undefined)
        throw new AwsError(
          'ParameterValueInvalid',
          `The message attribute '${name}' must contain non-empty message attribute type and value.`,
        );
      return [name, { type: DataType, value: StringValue }];
    }),
  );
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw invalid(`${name} Reason: no value for required parameter`);
  return value;
}

function invalid(what: string): AwsError {
  return new AwsError('InvalidParameter', `Invalid parameter: ${what}`);
}
