/** What a CloudFormation template may put into Systems Manager. */
import {
  type Created,
  provider,
  type ResourceContext,
  type ResourceProvider,
} from '../cloudformation/provider.ts';
import { AwsError } from '../errors.ts';
import { list, structure } from '../shapes.ts';
import { associationProvider } from './association-resource.ts';
import { latestOf } from './documents.ts';
import type { Ssm } from './model.ts';
import type { StoredParameter } from './parameters.ts';

export function ssmResources(ssm: Ssm): readonly ResourceProvider[] {
  return [associationProvider(ssm), documentProvider(ssm), parameterProvider(ssm)];
}

const documentProperties = structure({
  Content: 'json',
  DocumentFormat: 'string',
  DocumentType: 'string',
  Name: 'string',
  TargetType: 'string',
  UpdateMethod: 'string',
  Tags: list(structure({ Key: 'string', Value: 'string' })),
});

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-document.html */
function documentProvider({ account, documents }: Ssm): ResourceProvider {
  return provider('AWS::SSM::Document', documentProperties, {
    create: (properties, context) => {
      const name = properties.Name ?? generatedName(context, account.random.hex(suffixDigits));
      documents.create({
        name,
        content: contentText(properties.Content),
        format: properties.DocumentFormat,
        type: properties.DocumentType,
        targetType: properties.TargetType,
      });
      return { physicalId: name };
    },
    update: (name, properties) => {
      if (properties.Name !== undefined && properties.Name !== name) throw replacement(name, 'Name');
      const content = contentText(properties.Content);
      if (latestOf(documents.get(name)).content === content) return { physicalId: name };
      // `Replace`, which is the default, makes a new document: with the physical id kept it cannot be had.
      if (properties.UpdateMethod !== 'NewVersion') throw replacement(name, 'Content');
      const version = documents.addVersion(name, content, properties.DocumentFormat);
      documents.setDefault(name, String(version.number));
      return { physicalId: name };
    },
    remove: (name) => {
      if (documents.find(name) !== undefined) documents.remove(name);
    },
  });
}

const parameterProperties = structure({
  Name: 'string',
  Type: 'string',
  Value: 'string',
  Description: 'string',
  Tags: 'json',
});

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html */
function parameterProvider({ account, parameters }: Ssm): ResourceProvider {
  return provider('AWS::SSM::Parameter', parameterProperties, {
    create: ({ Name, Type, Value = '' }, context) => {
      const name = Name ?? generatedName(context, account.random.hex(suffixDigits));
      return createdParameter(parameters.put({ name, type: Type, value: Value, overwrite: false }));
    },
    update: (name, { Name, Type, Value = '' }) => {
      if (Name !== undefined && Name !== name) throw replacement(name, 'Name');
      return createdParameter(parameters.put({ name, type: Type, value: Value, overwrite: true }));
    },
    remove: (name) => {
      if (parameters.find(name) !== undefined) parameters.remove(name);
    },
  });
}

const suffixDigits = 12;

function generatedName({ stackName, logicalId }: ResourceContext, suffix: string): string {
  return `${stackName}-${logicalId}-${suffix}`;
}

function createdParameter({ name, type, value }: StoredParameter): Created {
  return { physicalId: name, attributes: { Type: type, Value: value } };
}

function contentText(content: unknown): string {
  return typeof content === 'string' ? content : JSON.stringify(content ?? {});
}

function replacement(name: string, property: string): AwsError {
  return new AwsError(
    'ValidationError',
    `A change of ${property} replaces ${name}, which the embedded AWS does not model; use UpdateMethod NewVersion or another logical id.`,
  );
}
