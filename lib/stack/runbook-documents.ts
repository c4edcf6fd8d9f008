/**
 * The runbooks of the console: SSM Automation documents that ask the operate function, as the command line does, so that
 * rules and audit are the same. Who started a run is read by the engine from Systems Manager, not from the run.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-documents.html
 */
import { interfaceNamePattern, serverNamePattern } from '../recovery/info.ts';
import { defaultFleetName, liveAlias, tagPattern } from '../recovery/names.ts';

export interface RunbookPlace {
  readonly fleet: string;
  /** Name of the operate function. */
  readonly operate: string;
  /** IAM principals, one of whom has to agree before an address in service is moved; nobody is asked when there are none. */
  readonly approvers: readonly string[];
}

interface Parameter {
  readonly type: 'String' | 'StringList' | 'Boolean' | 'Integer';
  readonly description: string;
  readonly default?: unknown;
  readonly allowedPattern?: string;
  readonly allowedValues?: readonly unknown[];
  readonly minItems?: number;
  readonly maxItems?: number;
}

interface Plan {
  readonly name: string;
  readonly title: string;
  readonly action: string;
  readonly kind: 'question' | 'writes' | 'moves';
  /** By parameter name: the field of the request that it fills. */
  readonly fields: {
    readonly [parameter: string]: { readonly field: string; readonly declaration: Parameter };
  };
}

const tag = {
  field: 'tag',
  declaration: text('(Required) Tag of the IP resource, such as ip-db', sourceOf(tagPattern)),
} as const;
const anyTag = {
  field: 'tag',
  declaration: optional('Tag of the IP resource; without it, the whole fleet', sourceOf(tagPattern)),
} as const;
const machine = {
  field: 'machine',
  declaration: optional('Server; without it, the one that is active', sourceOf(serverNamePattern)),
} as const;
const device = {
  field: 'interface',
  declaration: text('(Required) Interface, such as eth1', sourceOf(interfaceNamePattern)),
} as const;
const reason = {
  field: 'reason',
  declaration: optional('Why, for the audit trail', '[A-Za-z0-9 .,:;/#()_+-]{1,200}'),
} as const;

const plans: readonly Plan[] = [
  {
    name: 'Status',
    title: 'shows where an address is in service, and how',
    action: 'status',
    kind: 'question',
    fields: { Tag: tag, Machine: machine },
  },
  {
    name: 'MoveToBackup',
    title: 'moves an address to the backup interface of its server',
    action: 'move-to-backup',
    kind: 'moves',
    fields: { Tag: tag, Machine: machine, Reason: reason },
  },
  {
    name: 'AddBackup',
    title: 'adds a backup interface to an address on a server',
    action: 'add-backup',
    kind: 'writes',
    fields: {
      Tag: tag,
      Interface: device,
      Machine: machine,
      Force: {
        field: 'force',
        declaration: {
          type: 'Boolean',
          description: '(Optional) Accepts other security groups or another source/destination check',
          default: false,
        },
      },
      Reason: reason,
    },
  },
  {
    name: 'RemoveBackup',
    title: 'removes the backup interface of an address on a server',
    action: 'remove-backup',
    kind: 'writes',
    fields: { Tag: tag, Interface: device, Machine: machine, Reason: reason },
  },
  {
    name: 'Switchover',
    title: 'moves an address to another server, as planned',
    action: 'switchover',
    kind: 'moves',
    fields: {
      Tag: tag,
      Server: {
        field: 'server',
        declaration: text('(Required) Server to move to', sourceOf(serverNamePattern)),
      },
      Reason: reason,
    },
  },
  {
    name: 'Pause',
    title: 'holds automation for a time',
    action: 'pause',
    kind: 'writes',
    fields: {
      Tag: anyTag,
      Minutes: {
        field: 'forMinutes',
        declaration: {
          type: 'Integer',
          description: '(Optional) For how long; a pause always has an end',
          default: 60,
          allowedValues: [15, 30, 60, 120, 240, 480, 1440],
        },
      },
      Reason: reason,
    },
  },
  {
    name: 'Resume',
    title: 'ends a pause before its time',
    action: 'resume',
    kind: 'writes',
    fields: { Tag: anyTag, Reason: reason },
  },
  {
    name: 'ConfirmFailover',
    title: 'answers a failover that waits for a person',
    action: 'confirm',
    kind: 'writes',
    fields: {
      Tag: tag,
      Answer: {
        field: 'answer',
        declaration: {
          type: 'String',
          description: '(Required) Whether the address may be moved to another server',
          allowedValues: ['yes', 'no'],
        },
      },
      Reason: reason,
    },
  },
  {
    name: 'Acknowledge',
    title: 'ends the block that a failover leaves behind',
    action: 'acknowledge',
    kind: 'writes',
    fields: {
      Tag: tag,
      Comment: {
        field: 'comment',
        declaration: text('(Required) What was found', '[A-Za-z0-9 .,:;/#()_+-]{1,200}'),
      },
    },
  },
];

/** A fleet that is not the default one has its name in theirs: an account may have several. */
export function runbookName(fleet: string, name: string): string {
  return fleet === defaultFleetName ? `Holdfast-${name}` : `Holdfast-${fleet}-${name}`;
}

/** Content by document name, schema version 0.3. */
export function runbookDocuments(place: RunbookPlace): ReadonlyMap<string, object> {
  return new Map(plans.map((plan) => [runbookName(place.fleet, plan.name), documentOf(plan, place)]));
}

function documentOf(plan: Plan, place: RunbookPlace): object {
  const steps = [
    ...(plan.kind === 'moves' ? approvalSteps(plan) : []),
    askStep(plan, place),
    ...(plan.kind === 'moves' ? [waitStep(place)] : []),
  ];
  return {
    schemaVersion: '0.3',
    description: `Holdfast, fleet ${place.fleet}: ${plan.title}.`,
    assumeRole: '{{ AutomationAssumeRole }}',
    parameters: {
      ...Object.fromEntries(
        Object.entries(plan.fields).map(([name, { declaration }]) => [name, declaration]),
      ),
      ...(plan.kind === 'moves' ? approvalParameters(place) : {}),
      AutomationAssumeRole: optional(
        'ARN of a role that may invoke the operate function; without it, the right is yours',
        'arn:aws[a-z-]*:iam::[0-9]{12}:role/.{1,512}',
      ),
    },
    mainSteps: steps,
    outputs: steps.flatMap(({ name, outputs = [] }) => outputs.map(({ Name }) => `${name}.${Name}`)),
  };
}

interface Step {
  readonly name: string;
  readonly outputs?: readonly { readonly Name: string; readonly Selector: string; readonly Type: string }[];
  readonly [key: string]: unknown;
}

function askStep(plan: Plan, place: RunbookPlace): Step {
  const fields = Object.entries(plan.fields).map(([name, { field }]) => [field, `{{ ${name} }}`]);
  return {
    name: 'ask',
    ...invocation(place, { action: plan.action, ...Object.fromEntries(fields) }),
    // An order whose answer was lost may have been taken: to give it again is for a person to decide.
    maxAttempts: 1,
    outputs: outputsOf(plan.kind),
    ...(plan.kind === 'moves' ? { nextStep: 'wait' } : { isEnd: true }),
  };
}

/** Each try waits twenty seconds in the function itself. */
function waitStep(place: RunbookPlace): Step {
  return {
    name: 'wait',
    ...invocation(place, { action: 'explain', recovery: '{{ ask.Recovery }}' }),
    maxAttempts: 10,
    outputs: [
      output('Outcome', '$.Payload.explanation.outcome'),
      output('Words', '$.Payload.explanation.words'),
    ],
    isEnd: true,
  };
}

function invocation({ operate }: RunbookPlace, request: object): object {
  return {
    action: 'aws:invokeLambdaFunction',
    inputs: {
      FunctionName: operate,
      Qualifier: liveAlias,
      InputPayload: { ...request, proof: { kind: 'runbook', executionId: '{{ automation:EXECUTION_ID }}' } },
    },
    timeoutSeconds: 60,
    onFailure: 'Abort',
  };
}

function outputsOf(kind: Plan['kind']): readonly ReturnType<typeof output>[] {
  switch (kind) {
    case 'question':
      return [
        output('State', '$.Payload.status.state'),
        output('Reason', '$.Payload.status.reason'),
        output('Server', '$.Payload.status.server'),
        output('Address', '$.Payload.status.address'),
        output('PrimaryInterface', '$.Payload.status.primary.name'),
        output('BackupInterface', '$.Payload.status.backup'),
      ];
    case 'writes':
      return [output('Message', '$.Payload.message'), output('Recovery', '$.Payload.recovery')];
    case 'moves':
      return [output('Recovery', '$.Payload.recovery')];
  }
}

function output(Name: string, Selector: string) {
  return { Name, Selector, Type: 'String' } as const;
}

// ---- Approval

const approvalTimeoutSeconds = 3_600;

function approvalParameters({ approvers }: RunbookPlace): { readonly [name: string]: Parameter } {
  return {
    Approval: {
      type: 'String',
      description: '(Optional) ask: one of the approvers has to agree first; skip: nobody is asked',
      default: approvers.length === 0 ? 'skip' : 'ask',
      allowedValues: ['ask', 'skip'],
    },
    Approvers: {
      type: 'StringList',
      description: '(Optional) IAM principals, one of whom has to agree',
      default: approvers,
      maxItems: 10,
    },
  };
}

function approvalSteps(plan: Plan): readonly Step[] {
  return [
    {
      name: 'whether',
      action: 'aws:branch',
      inputs: {
        Choices: [{ NextStep: 'approve', Variable: '{{ Approval }}', StringEquals: 'ask' }],
        Default: 'ask',
      },
    },
    {
      name: 'approve',
      action: 'aws:approve',
      timeoutSeconds: approvalTimeoutSeconds,
      onFailure: 'Abort',
      inputs: {
        Message: `Holdfast: {{ Tag }}: ${plan.title}?`,
        MinRequiredApprovals: 1,
        Approvers: '{{ Approvers }}',
      },
      nextStep: 'ask',
    },
  ];
}

// ---- Parameters

function text(description: string, pattern: string): Parameter {
  return { type: 'String', description, allowedPattern: `^(${pattern})$` };
}

function optional(description: string, pattern: string): Parameter {
  return {
    type: 'String',
    description: `(Optional) ${description}`,
    default: '',
    allowedPattern: `^(${pattern})?$`,
  };
}

/** Without its anchors, and without a look-ahead, which the engine that reads it may not have: the engine of orders checks again. */
function sourceOf(pattern: RegExp): string {
  return pattern.source
    .replace(/^\^/, '')
    .replace(/\$$/, '')
    .replace(/^\(\?![^)]*\)/, '');
}
