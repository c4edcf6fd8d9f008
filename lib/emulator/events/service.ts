/**
 * EventBridge on the wire (JSON, AWSEvents.*). IAM targets as in
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
 */
import { AwsError } from '../errors.ts';
import { page } from '../paging.ts';
import { operation, type Service } from '../service.ts';
import { list, structure } from '../shapes.ts';
import type { EventBridge, Rule, Target } from './eventbridge.ts';
import { putEvents, putEventsShape } from './put-events.ts';
import { busArn, checkBus, readRule, readTargets, targetsShape } from './rule-wire.ts';

const pageLimit = 100;

export function eventBridgeService(bridge: EventBridge): Service {
  return {
    signingName: 'events',
    iamPrefix: 'events',
    wires: ['json'],
    operations: { ...eventOperations(bridge), ...ruleOperations(bridge), ...targetOperations(bridge) },
  };
}

function eventOperations(bridge: EventBridge) {
  return {
    PutEvents: operation(
      putEventsShape,
      ({ Entries = [] }) => putEvents(bridge, Entries),
      ({ Entries = [] }) =>
        Entries.map(({ Source = '', DetailType = '' }) => ({
          arn: busArn(bridge.account),
          keys: { 'events:source': Source, 'events:detail-type': DetailType },
        })),
    ),
  };
}

function ruleOperations(bridge: EventBridge) {
  const { account } = bridge;
  const named = structure({ Name: 'string', EventBusName: 'string' });
  const onName = ({ Name = '' }: { readonly Name?: string }) => [ruleTarget(bridge, Name)];
  return {
    PutRule: operation(
      structure({
        Name: 'string',
        Description: 'string',
        EventPattern: 'string',
        ScheduleExpression: 'string',
        State: 'string',
        EventBusName: 'string',
      }),
      (input) => {
        checkBus(account, input.EventBusName);
        return { RuleArn: bridge.putRule(readRule(input)).arn };
      },
      onName,
    ),
    DeleteRule: operation(
      named,
      ({ Name = '', EventBusName }) => {
        checkBus(account, EventBusName);
        bridge.deleteRule(Name);
        return {};
      },
      onName,
    ),
    DescribeRule: operation(
      named,
      ({ Name = '', EventBusName }) => {
        checkBus(account, EventBusName);
        return describedRule(bridge.rule(Name));
      },
      onName,
    ),
    EnableRule: operation(named, (input) => switchRule(bridge, input, true), onName),
    DisableRule: operation(named, (input) => switchRule(bridge, input, false), onName),
    ListRules: operation(
      structure({ NamePrefix: 'string', EventBusName: 'string', Limit: 'integer', NextToken: 'string' }),
      (input) => {
        checkBus(account, input.EventBusName);
        const found = bridge
          .rules()
          .filter(({ settings }) => settings.name.startsWith(input.NamePrefix ?? ''));
        const sorted = found.toSorted((a, b) => (a.settings.name < b.settings.name ? -1 : 1));
        const { items, nextToken } = page(sorted, limitOf(input), input.NextToken, badToken);
        return { Rules: items.map(describedRule), NextToken: nextToken };
      },
    ),
  };
}

function targetOperations(bridge: EventBridge) {
  const { account } = bridge;
  const onRule = ({ Rule = '' }: { readonly Rule?: string }) => [ruleTarget(bridge, Rule)];
  return {
    PutTargets: operation(
      structure({ Rule: 'string', EventBusName: 'string', Targets: targetsShape }),
      ({ Rule = '', EventBusName, Targets }) => {
        checkBus(account, EventBusName);
        bridge.putTargets(Rule, readTargets(Targets));
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
      ({ Rule = '', Targets = [] }) => [
        {
          ...ruleTarget(bridge, Rule),
          keys: { 'events:TargetArn': Targets.map(({ Arn = '' }) => Arn) },
        },
      ],
    ),
    RemoveTargets: operation(
      structure({ Rule: 'string', EventBusName: 'string', Ids: list('string') }),
      ({ Rule = '', EventBusName, Ids = [] }) => {
        checkBus(account, EventBusName);
        bridge.removeTargets(Rule, Ids);
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
      onRule,
    ),
    ListTargetsByRule: operation(
      structure({ Rule: 'string', EventBusName: 'string', Limit: 'integer', NextToken: 'string' }),
      (input) => {
        checkBus(account, input.EventBusName);
        const { targets } = bridge.rule(input.Rule ?? '');
        const { items, nextToken } = page(targets, limitOf(input), input.NextToken, badToken);
        return { Targets: items.map(describedTarget), NextToken: nextToken };
      },
      onRule,
    ),
  };
}

function switchRule(
  bridge: EventBridge,
  { Name = '', EventBusName }: { readonly Name?: string; readonly EventBusName?: string },
  enabled: boolean,
) {
  checkBus(bridge.account, EventBusName);
  bridge.enableRule(Name, enabled);
  return {};
}

function describedRule({ settings, arn }: Rule) {
  return {
    Name: settings.name,
    Arn: arn,
    EventPattern: settings.eventPattern,
    ScheduleExpression: settings.scheduleExpression,
    State: settings.enabled ? 'ENABLED' : 'DISABLED',
    Description: settings.description,
    EventBusName: 'default',
  };
}

function describedTarget({ id, arn, input, inputTransformer, retryPolicy, deadLetterArn }: Target) {
  return {
    Id: id,
    Arn: arn,
    Input: input,
    InputTransformer: inputTransformer && {
      InputPathsMap: inputTransformer.paths,
      InputTemplate: inputTransformer.template,
    },
    RetryPolicy: retryPolicy && {
      MaximumRetryAttempts: retryPolicy.maximumRetryAttempts,
      MaximumEventAgeInSeconds: retryPolicy.maximumEventAgeInSeconds,
    },
    DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
  };
}

function ruleTarget(bridge: EventBridge, name: string) {
  return { arn: bridge.account.arn('events', `rule/${name}`) };
}

function limitOf({ Limit = pageLimit }: { readonly Limit?: number }): number {
  if (Limit < 1 || Limit > pageLimit)
    throw new AwsError('ValidationException', `Limit must be from 1 to ${pageLimit}, not ${Limit}`);
  return Limit;
}

function badToken(): AwsError {
  return new AwsError('ValidationException', 'The token is not valid.');
}
