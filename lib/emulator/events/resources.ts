/** AWS::Events::Rule: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html */
import { generatedName } from '../cloudformation/names.ts';
import { type Created, provider, type ResourceProvider } from '../cloudformation/provider.ts';
import { notModelled } from '../errors.ts';
import { list, structure, type Value } from '../shapes.ts';
import type { EventBridge } from './eventbridge.ts';
import { checkBus, readRule, readTargets, targetsShape } from './rule-wire.ts';

const shape = structure({
  Name: 'string',
  Description: 'string',
  EventPattern: 'json',
  ScheduleExpression: 'string',
  State: 'string',
  EventBusName: 'string',
  Targets: targetsShape,
  Tags: list(structure({ Key: 'string', Value: 'string' })),
});

export function eventBridgeResources(bridge: EventBridge): readonly ResourceProvider[] {
  // Tags are taken and not kept: nothing here reads them back.
  const put = (name: string, properties: Value<typeof shape>): Created => {
    checkBus(bridge.account, properties.EventBusName);
    const { EventPattern: pattern } = properties;
    const { Targets, EventPattern: _, EventBusName: __, Tags: ___, ...rest } = properties;
    const targets = readTargets(Targets);
    const { arn } = bridge.putRule(
      readRule({
        ...rest,
        Name: name,
        ...(pattern === undefined
          ? {}
          : { EventPattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern) }),
      }),
    );
    dropTargets(bridge, name);
    bridge.putTargets(name, targets);
    return { physicalId: name, attributes: { Arn: arn } };
  };
  const remove = (name: string) => {
    if (!bridge.rules().some(({ settings }) => settings.name === name)) return;
    dropTargets(bridge, name);
    bridge.deleteRule(name);
  };
  return [
    provider('AWS::Events::Rule', shape, {
      create: (properties, context) =>
        put(properties.Name ?? generatedName(bridge.account, context), properties),
      update: (name, properties) => {
        if ((properties.Name ?? name) !== name)
          throw notModelled('the replacement of a rule whose Name changed');
        return put(name, properties);
      },
      remove,
    }),
  ];
}

function dropTargets(bridge: EventBridge, name: string): void {
  bridge.removeTargets(
    name,
    bridge.rule(name).targets.map(({ id }) => id),
  );
}
