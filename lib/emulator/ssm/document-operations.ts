import { notModelled } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { latestOf, type StoredDocument } from './documents.ts';
import type { Ssm } from './model.ts';

const tagList = list(structure({ Key: 'string', Value: 'string' }));

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html and its neighbours. */
export function documentOperations(ssm: Ssm): { readonly [name: string]: Operation } {
  const { documents } = ssm;
  const onDocument = ({ Name }: { readonly Name?: string }) => [documentTarget(ssm, Name)];
  return {
    CreateDocument: operation(
      structure({
        Name: 'string',
        Content: 'string',
        DocumentFormat: 'string',
        DocumentType: 'string',
        TargetType: 'string',
        Tags: tagList,
      }),
      ({ Name = '', Content = '', DocumentFormat, DocumentType, TargetType }) => {
        const plan = {
          name: Name,
          content: Content,
          format: DocumentFormat,
          type: DocumentType,
          targetType: TargetType,
        };
        return { DocumentDescription: description(ssm, documents.create(plan), undefined) };
      },
      onDocument,
    ),
    UpdateDocument: operation(
      structure({ Name: 'string', Content: 'string', DocumentFormat: 'string', DocumentVersion: 'string' }),
      ({ Name = '', Content = '', DocumentFormat, DocumentVersion }) => {
        if (DocumentVersion !== undefined && DocumentVersion !== '$LATEST')
          throw notModelled(`an update of version ${DocumentVersion}`, 'InvalidDocumentVersion');
        const { number } = documents.addVersion(Name, Content, DocumentFormat);
        return { DocumentDescription: description(ssm, documents.get(Name), String(number)) };
      },
      onDocument,
    ),
    UpdateDocumentDefaultVersion: operation(
      structure({ Name: 'string', DocumentVersion: 'string' }),
      ({ Name = '', DocumentVersion = '' }) => {
        const { defaultVersion } = documents.setDefault(Name, DocumentVersion);
        return { Description: { Name, DefaultVersion: String(defaultVersion) } };
      },
      onDocument,
    ),
    GetDocument: operation(
      structure({ Name: 'string', DocumentVersion: 'string' }),
      ({ Name = '', DocumentVersion }) => {
        const version = documents.anyVersion(Name, DocumentVersion);
        return {
          Name,
          CreatedDate: new Date(version.createdAtMs),
          DocumentVersion: String(version.number),
          Status: 'Active',
          Content: version.content,
          DocumentType: documents.get(Name).type,
          DocumentFormat: version.format,
        };
      },
      onDocument,
    ),
    DescribeDocument: operation(
      structure({ Name: 'string', DocumentVersion: 'string' }),
      ({ Name = '', DocumentVersion }) => ({
        Document: description(ssm, documents.get(Name), DocumentVersion),
      }),
      onDocument,
    ),
    DeleteDocument: operation(
      structure({ Name: 'string' }),
      ({ Name = '' }) => {
        documents.remove(Name);
        return {};
      },
      onDocument,
    ),
  };
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html */
export function documentTarget(ssm: Ssm, name: string | undefined): IamTarget {
  return { arn: ssm.account.arn('ssm', `document/${name ?? ''}`) };
}

function description(ssm: Ssm, document: StoredDocument, wanted: string | undefined): Reply {
  const version = ssm.documents.anyVersion(document.name, wanted);
  const content = 'command' in version ? version.command : version.runbook;
  return {
    Name: document.name,
    Owner: ssm.account.id,
    CreatedDate: new Date(version.createdAtMs),
    Status: 'Active',
    DocumentVersion: String(version.number),
    Description: content.description,
    Parameters: [...content.parameters].map(([Name, parameter]) => ({
      Name,
      Type: parameter.type,
      Description: parameter.description,
      DefaultValue: parameter.default === undefined ? undefined : String(parameter.default),
    })),
    PlatformTypes: document.type === 'Command' ? ['Linux'] : ['Windows', 'Linux', 'MacOS'],
    DocumentType: document.type,
    SchemaVersion: document.type === 'Command' ? '2.2' : '0.3',
    LatestVersion: String(latestOf(document).number),
    DefaultVersion: String(document.defaultVersion),
    DocumentFormat: version.format,
    TargetType: document.targetType,
  };
}
