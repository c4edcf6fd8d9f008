/**
 * SNS: topics take messages from Publish and from services of the account, keep them for whoever looks (a test, the
 * demo) and hand them to subscribed functions. Mail addresses are only recorded.
 */
import type { Account, Delivery } from '../account.ts';
import { AwsError, notModelled } from '../errors.ts';
import { handOver } from '../handover.ts';
import { mayPublish, type TopicPolicy } from './topic-policy.ts';

export interface Attribute {
  readonly type: string;
  readonly value: string;
}

export interface Message {
  readonly messageId: string;
  readonly atMs: number;
  readonly subject?: string;
  readonly message: string;
  readonly attributes: { readonly [name: string]: Attribute };
}

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: 'email' | 'lambda';
  readonly endpoint: string;
}

export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly displayName: string;
  readonly tags: { readonly [key: string]: string };
}

/** A message that a subscribed function refused for good. */
export interface FailedNotification {
  readonly subscription: Subscription;
  readonly message: Message;
  readonly error: AwsError;
}

interface Kept {
  topic: Topic;
  policy: TopicPolicy | undefined;
  readonly subscriptions: Subscription[];
  readonly messages: Message[];
}

const keptMessagesPerTopic = 1_000;
const keptFailures = 1_000;
/** https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html and API_Publish.html */
const topicName = /^[A-Za-z0-9_-]{1,256}$/;
const subjectLimit = 100;
const messageLimitBytes = 256 * 1024;

export class Sns {
  readonly account: Account;
  readonly #topics = new Map<string, Kept>();
  readonly #failures: FailedNotification[] = [];

  constructor(account: Account) {
    this.account = account;
    account.onDelivery('sns', (delivery) => this.#take(delivery));
  }

  /** What was published to the topic, oldest first; nothing when there is no such topic. */
  messages(topicArn: string): readonly Message[] {
    return this.#topics.get(topicArn)?.messages ?? [];
  }

  failedNotifications(): readonly FailedNotification[] {
    return this.#failures;
  }

  topics(): readonly Topic[] {
    return [...this.#topics.values()].map(({ topic }) => topic);
  }

  /** @throws AwsError NotFound */
  topic(arn: string): Topic {
    return this.#kept(arn).topic;
  }

  /** @throws AwsError NotFound */
  subscriptions(topicArn: string): readonly Subscription[] {
    return this.#kept(topicArn).subscriptions;
  }

  /** A name that exists gives the topic that has it. @throws AwsError InvalidParameter */
  createTopic(
    name: string,
    options: { readonly displayName?: string; readonly tags?: { readonly [key: string]: string } } = {},
  ): Topic {
    if (!topicName.test(name)) throw invalid('Topic Name');
    const arn = this.account.arn('sns', name);
    const known = this.#topics.get(arn);
    if (known !== undefined) return known.topic;
    const topic = { arn, name, displayName: options.displayName ?? '', tags: options.tags ?? {} };
    this.#topics.set(arn, { topic, policy: undefined, subscriptions: [], messages: [] });
    return topic;
  }

  /** @throws AwsError NotFound */
  changeTopic(arn: string, change: Pick<Topic, 'displayName' | 'tags'>): Topic {
    const kept = this.#kept(arn);
    kept.topic = { ...kept.topic, ...change };
    return kept.topic;
  }

  /** Deleting what is not there succeeds: https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html */
  deleteTopic(arn: string): void {
    this.#topics.delete(arn);
  }

  /** Replaces the default policy; undefined brings it back. @throws AwsError NotFound */
  setPolicy(arn: string, policy: TopicPolicy | undefined): void {
    this.#kept(arn).policy = policy;
  }

  /** Subscribing the same endpoint again gives the same subscription. @throws AwsError NotFound, InvalidParameter */
  subscribe(topicArn: string, protocol: string, endpoint: string): Subscription {
    const kept = this.#kept(topicArn);
    if (protocol !== 'email' && protocol !== 'lambda')
      throw notModelled(`subscriptions by ${protocol}`, 'InvalidParameter');
    if (protocol === 'lambda' && !endpoint.startsWith('arn:')) throw invalid('Lambda endpoint ARN');
    if (protocol === 'email' && !endpoint.includes('@')) throw invalid('Email address');
    const same = kept.subscriptions.find((each) => each.protocol === protocol && each.endpoint === endpoint);
    if (same !== undefined) return same;
    const subscription = {
      arn: `${topicArn}:${this.account.random.uuid()}`,
      topicArn,
      protocol,
      endpoint,
    } as const;
    kept.subscriptions.push(subscription);
    return subscription;
  }

  unsubscribe(subscriptionArn: string): void {
    for (const { subscriptions } of this.#topics.values()) {
      const index = subscriptions.findIndex(({ arn }) => arn === subscriptionArn);
      if (index !== -1) subscriptions.splice(index, 1);
    }
  }

  /** @throws AwsError NotFound, InvalidParameter */
  publish(topicArn: string, content: Pick<Message, 'subject' | 'message' | 'attributes'>): Message {
    const kept = this.#kept(topicArn);
    checkContent(content);
    const { account } = this;
    const message = { messageId: account.random.uuid(), atMs: account.clock.now(), ...content };
    kept.messages.push(message);
    if (kept.messages.length > keptMessagesPerTopic) kept.messages.shift();
    for (const subscription of kept.subscriptions)
      if (subscription.protocol === 'lambda') this.#notify(subscription, message);
    return message;
  }

  #take(delivery: Delivery): void {
    const { targetArn: arn, subject, payload: message } = delivery;
    const { policy } = this.#kept(arn);
    if (!mayPublish(this.account, policy, delivery))
      throw new AwsError(
        'AuthorizationError',
        `${speaker(delivery.principal)} is not authorized to perform: SNS:Publish on resource: ${arn}`,
        403,
      );
    this.publish(arn, { message, attributes: {}, ...(subject === undefined ? {} : { subject }) });
  }

  #notify(subscription: Subscription, message: Message): void {
    const delivery = {
      targetArn: subscription.endpoint,
      principal: 'sns.amazonaws.com',
      sourceArn: subscription.topicArn,
      payload: JSON.stringify(lambdaEvent(subscription, message)),
    };
    handOver(this.account, delivery, {
      delayMs: 0,
      done: (error) => {
        if (error === undefined) return;
        this.#failures.push({ subscription, message, error });
        if (this.#failures.length > keptFailures) this.#failures.shift();
      },
    });
  }

  #kept(arn: string): Kept {
    const kept = this.#topics.get(arn);
    if (kept === undefined) throw new AwsError('NotFound', 'Topic does not exist', 404);
    return kept;
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
function lambdaEvent({ arn, topicArn }: Subscription, message: Message): unknown {
  const attributes = Object.entries(message.attributes).map(([name, { type, value }]) => [
    name,
    { Type: type, Value: value },
  ]);
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: arn,
        Sns: {
          Type: 'Notification',
          MessageId: message.messageId,
          TopicArn: topicArn,
          Subject: message.subject ?? null,
          Message: message.message,
          Timestamp: new Date(message.atMs).toISOString(),
          SignatureVersion: '1',
          Signature: 'embedded',
          SigningCertUrl: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-embedded.pem',
          UnsubscribeUrl: `https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${arn}`,
          MessageAttributes: Object.fromEntries(attributes),
        },
      },
    ],
  };
}

function checkContent({ subject, message }: Pick<Message, 'subject' | 'message'>): void {
  if (message === '') throw invalid('Empty message');
  if (Buffer.byteLength(message) > messageLimitBytes) throw invalid('Message too long');
  if (subject !== undefined && (subject === '' || subject.length > subjectLimit || /[\r\n]/.test(subject)))
    throw invalid('Subject');
}

/** Seen: "CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: …" in an alarm's history. */
function speaker(principal: string): string {
  return principal === 'cloudwatch.amazonaws.com' ? 'CloudWatch Alarms' : `User: ${principal}`;
}

function invalid(what: string): AwsError {
  return new AwsError('InvalidParameter', `Invalid parameter: ${what}`);
}
