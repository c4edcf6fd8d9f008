import {
  CreateDocumentCommand,
  DeleteDocumentCommand,
  DescribeDocumentCommand,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  GetParameterCommand,
  GetParametersCommand,
  PutParameterCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  type SSMClient,
  UpdateDocumentCommand,
  UpdateDocumentDefaultVersionCommand,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { ResourceProvider } from '../../lib/emulator/cloudformation/provider.ts';
import { ssmResources } from '../../lib/emulator/ssm/resources.ts';
import {
  greeting,
  refusal,
  scriptDocument,
  serverA,
  ssmClient,
  type TwoServers,
  twoServers,
} from './two-servers.ts';

let clock: VirtualClock;
let aws: TwoServers;
let client: SSMClient;

beforeEach(async () => {
  clock = new VirtualClock();
  aws = twoServers(clock);
  client = ssmClient(aws);
  await create('greeting', greeting);
});

function create(Name: string, content: object) {
  return client.send(
    new CreateDocumentCommand({ Name, Content: JSON.stringify(content), DocumentType: 'Command' }),
  );
}

async function send(input: Partial<SendCommandCommandInput> = {}): Promise<string> {
  const { Command } = await client.send(
    new SendCommandCommand({
      InstanceIds: [serverA],
      DocumentName: 'greeting',
      Parameters: { Name: ['world'] },
      TimeoutSeconds: 30,
      ...input,
    }),
  );
  return Command?.CommandId ?? '';
}

function invocation(CommandId: string, InstanceId = serverA) {
  return client.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
}

async function statusOf(commandId: string): Promise<string> {
  const { Status, StatusDetails, ResponseCode } = await invocation(commandId);
  return `${Status}, ${StatusDetails}, ${ResponseCode}`;
}

describe('a document', () => {
  test('is described with its parameters and read back as it was written', async () => {
    const { Document } = await client.send(new DescribeDocumentCommand({ Name: 'greeting' }));
    expect(Document).toMatchObject({
      Status: 'Active',
      DocumentType: 'Command',
      SchemaVersion: '2.2',
      DefaultVersion: '1',
    });
    expect(Document?.Parameters?.map(({ Name }) => Name)).toEqual(['Name', 'Tone', 'Seconds']);
    const { Content } = await client.send(new GetDocumentCommand({ Name: 'greeting' }));
    expect(JSON.parse(Content ?? '')).toEqual(greeting);
  });

  test('has versions, of which commands take the default', async () => {
    const Content = JSON.stringify({ ...greeting, description: 'says more' });
    const update = () =>
      client.send(new UpdateDocumentCommand({ Name: 'greeting', Content, DocumentVersion: '$LATEST' }));
    await update();
    expect(await refusal(update())).toMatch(/^DuplicateDocumentContent/);
    const read = async () =>
      (await client.send(new GetDocumentCommand({ Name: 'greeting' }))).DocumentVersion;
    expect(await read()).toBe('1');
    await client.send(new UpdateDocumentDefaultVersionCommand({ Name: 'greeting', DocumentVersion: '2' }));
    expect(await read()).toBe('2');
  });

  test('may be written in YAML', async () => {
    const Content =
      "schemaVersion: '2.2'\nmainSteps:\n- action: aws:runShellScript\n  name: run\n  inputs: {runCommand: [echo yaml]}\n";
    await client.send(
      new CreateDocumentCommand({ Name: 'yaml', Content, DocumentFormat: 'YAML', DocumentType: 'Command' }),
    );
    const id = await send({ DocumentName: 'yaml', Parameters: {} });
    await clock.advance(1_000);
    expect((await invocation(id)).StandardOutputContent).toBe('yaml\n');
  });

  test('for another platform than Linux runs nothing and succeeds', async () => {
    await create(
      'windows',
      scriptDocument(['exit 1'], { precondition: { StringEquals: ['platformType', 'Windows'] } }),
    );
    const id = await send({ DocumentName: 'windows', Parameters: {} });
    await clock.advance(1_000);
    expect(await statusOf(id)).toBe('Success, Success, 0');
  });

  test('passes a list of strings as lines of the script', async () => {
    await create('lines', {
      ...scriptDocument(['{{ Lines }}']),
      parameters: { Lines: { type: 'StringList' } },
    });
    const id = await send({ DocumentName: 'lines', Parameters: { Lines: ['echo one', 'echo two'] } });
    await clock.advance(1_000);
    expect((await invocation(id)).StandardOutputContent).toBe('one\ntwo\n');
  });

  test('of a name that is taken, or deleted before, is an error', async () => {
    expect(await refusal(create('greeting', greeting))).toMatch(/^DocumentAlreadyExists/);
    await client.send(new DeleteDocumentCommand({ Name: 'greeting' }));
    expect(await refusal(client.send(new DeleteDocumentCommand({ Name: 'greeting' })))).toMatch(
      /^InvalidDocument/,
    );
  });

  test.each<[string, object, RegExp]>([
    ['an older schema', { ...greeting, schemaVersion: '1.2' }, /^InvalidDocumentSchemaVersion/],
    [
      'an action that is not modelled',
      scriptDocument([], { action: 'aws:downloadContent' }),
      /aws:downloadContent/,
    ],
    ['an unknown member', { ...greeting, outputs: [] }, /^InvalidDocumentContent: .*outputs/],
    [
      'a reference to no parameter',
      scriptDocument(['echo {{ Nobody }}']),
      /^InvalidDocumentContent: .*Nobody/,
    ],
    [
      'a parameter that is a number',
      { ...scriptDocument([]), parameters: { N: { type: 'Integer' } } },
      /Integer/,
    ],
  ])('with %s is refused by name', async (_, content, expected) => {
    expect(await refusal(create('bad', content))).toMatch(expected);
  });
});

describe('parameters', () => {
  test('a parameter is stored once unless it may be overwritten, and its version rises', async () => {
    const put = (Value: string, Overwrite = false) =>
      client.send(new PutParameterCommand({ Name: '/db/tag', Type: 'String', Value, Overwrite }));
    await put('one');
    expect(await refusal(put('two'))).toMatch(/^ParameterAlreadyExists/);
    await put('two', true);
    const { Parameter } = await client.send(new GetParameterCommand({ Name: '/db/tag' }));
    expect(Parameter).toMatchObject({
      Value: 'two',
      Version: 2,
      ARN: 'arn:aws:ssm:us-east-1:123456789012:parameter/db/tag',
    });
    const several = await client.send(new GetParametersCommand({ Names: ['/db/tag', '/db/none'] }));
    expect(several.InvalidParameters).toEqual(['/db/none']);
    expect(await refusal(client.send(new GetParameterCommand({ Name: '/db/none' })))).toMatch(
      /^ParameterNotFound/,
    );
  });
});

describe('resources of a template', () => {
  const context = { stackName: 'holdfast', logicalId: 'AddressDocument', assetDirectory: () => '' };

  function providerOf(type: string): ResourceProvider {
    const found = ssmResources(aws.ssm).find((each) => each.type === type);
    if (found === undefined) throw new Error(`no provider for ${type}`);
    return found;
  }

  test('a document is created, gets a new default version, and is removed twice without complaint', async () => {
    const documents = providerOf('AWS::SSM::Document');
    const properties = { Content: greeting, DocumentType: 'Command', UpdateMethod: 'NewVersion' };
    const { physicalId } = await documents.create(properties, context);
    expect(physicalId).toMatch(/^holdfast-AddressDocument-/);
    await documents.update?.(physicalId, { ...properties, Content: scriptDocument(['true']) }, context);
    const { Document } = await client.send(new DescribeDocumentCommand({ Name: physicalId }));
    expect(Document?.DefaultVersion).toBe('2');
    await documents.remove(physicalId);
    await documents.remove(physicalId);
    expect(await refusal(client.send(new DescribeDocumentCommand({ Name: physicalId })))).toMatch(
      /^InvalidDocument/,
    );
  });

  test('a changed document that would be replaced is refused, an unchanged one is not', async () => {
    const documents = providerOf('AWS::SSM::Document');
    const { physicalId } = await documents.create({ Content: greeting }, context);
    await documents.update?.(physicalId, { Content: greeting }, context);
    const change = async () => documents.update?.(physicalId, { Content: scriptDocument(['true']) }, context);
    expect(await refusal(change())).toMatch(/^AwsError: A change of Content/);
  });

  test('a parameter gives its type and value, and a property that is not known is refused by name', async () => {
    const parameters = providerOf('AWS::SSM::Parameter');
    const created = await parameters.create({ Name: '/a', Type: 'String', Value: 'b' }, context);
    expect(created).toEqual({ physicalId: '/a', attributes: { Type: 'String', Value: 'b' } });
    const unknown = async () =>
      parameters.create({ Name: '/b', Type: 'String', Value: 'b', Tier: 'Advanced' }, context);
    expect(await refusal(unknown())).toMatch(/Tier/);
  });
});
