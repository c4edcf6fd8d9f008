/**
 * Reading associations and starting them, for whoever looks after them: API_ListAssociations and its neighbours in
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/. They are made by templates only.
 */
import { AwsError, notModelled } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import type { Association, AssociationRun, TargetStatus } from './association-run.ts';
import { overviewOf } from './associations.ts';
import type { Ssm } from './model.ts';
import { page } from './pages.ts';

const mostStartedAtOnce = 10;

export function associationOperations(ssm: Ssm): { readonly [name: string]: Operation } {
  const { associations } = ssm;
  const onId = ({ AssociationId = '' }: { readonly AssociationId?: string }) => [target(ssm, AssociationId)];
  return {
    ListAssociations: operation(
      structure({
        AssociationFilterList: list(structure({ key: 'string', value: 'string' })),
        MaxResults: 'integer',
        NextToken: 'string',
      }),
      ({ AssociationFilterList = [], MaxResults, NextToken }) => {
        const tests = AssociationFilterList.map(({ key = '', value = '' }) => listTest(ssm, key, value));
        const chosen = associations.all().filter((each) => tests.every((passes) => passes(each)));
        const { items, nextToken } = page(chosen, MaxResults, NextToken);
        return { Associations: items.map((each) => summary(ssm, each)), NextToken: nextToken };
      },
    ),
    DescribeAssociation: operation(
      structure({ AssociationId: 'string', AssociationVersion: 'string' }),
      ({ AssociationId = '', AssociationVersion: wanted = '$LATEST' }) => {
        const association = associations.get(AssociationId);
        if (wanted !== '$LATEST' && wanted !== String(association.version))
          throw notModelled(`version ${wanted} of an association`, 'InvalidAssociationVersion');
        return { AssociationDescription: description(ssm, association) };
      },
      onId,
    ),
    DescribeInstanceAssociationsStatus: operation(
      structure({ InstanceId: 'string', MaxResults: 'integer', NextToken: 'string' }),
      ({ InstanceId = '', MaxResults, NextToken }) => {
        if (!ssm.agents.registered().some(({ instanceId }) => instanceId === InstanceId))
          throw new AwsError('InvalidInstanceId', `${InstanceId} is not a managed instance.`);
        const infos = associations.all().flatMap((association) =>
          associations
            .statuses(association.id)
            .filter(({ instanceId }) => instanceId === InstanceId)
            .map((status) => instanceStatus(association, status)),
        );
        const { items, nextToken } = page(infos, MaxResults, NextToken);
        return { InstanceAssociationStatusInfos: items, NextToken: nextToken };
      },
      ({ InstanceId = '' }) => [{ arn: ssm.account.arn('ec2', `instance/${InstanceId}`) }],
    ),
    DescribeAssociationExecutions: operation(
      structure({
        AssociationId: 'string',
        Filters: list(structure({ Key: 'string', Value: 'string', Type: 'string' })),
        MaxResults: 'integer',
        NextToken: 'string',
      }),
      ({ AssociationId = '', Filters = [], MaxResults, NextToken }) => {
        const tests = Filters.map(({ Key = '', Value = '', Type = '' }) => runTest(Key, Value, Type));
        const chosen = associations.runs(AssociationId).filter((run) => tests.every((passes) => passes(run)));
        const { items, nextToken } = page(chosen, MaxResults, NextToken);
        return { AssociationExecutions: items.map(execution), NextToken: nextToken };
      },
      onId,
    ),
    StartAssociationsOnce: operation(
      structure({ AssociationIds: list('string') }),
      ({ AssociationIds = [] }) => {
        if (AssociationIds.length === 0 || AssociationIds.length > mostStartedAtOnce)
          throw new AwsError(
            'ValidationException',
            `associationIds has between 1 and ${mostStartedAtOnce} members`,
          );
        for (const id of AssociationIds) associations.get(id);
        for (const id of AssociationIds) associations.runOnce(id);
        return {};
      },
      ({ AssociationIds = [] }) => AssociationIds.map((id) => target(ssm, id)),
    ),
  };
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html */
function target({ account }: Ssm, id: string): IamTarget {
  return { arn: account.arn('ssm', `association/${id}`) };
}

function listTest({ associations }: Ssm, key: string, value: string): (each: Association) => boolean {
  switch (key) {
    case 'AssociationId':
      return ({ id }) => id === value;
    case 'AssociationName':
      return ({ plan }) => plan.associationName === value;
    case 'Name':
      return ({ plan }) => plan.documentName === value;
    case 'InstanceId':
      return ({ id }) => associations.statuses(id).some(({ instanceId }) => instanceId === value);
    case 'AssociationStatusName':
      return ({ id }) => overviewOf(associations.statuses(id)).status === value;
    default:
      throw notModelled(`the filter ${key}`, 'ValidationException');
  }
}

function runTest(key: string, value: string, type: string): (run: AssociationRun) => boolean {
  if (key === 'ExecutionId' && type === 'EQUAL') return ({ id }) => id === value;
  if (key === 'Status' && type === 'EQUAL') return (run) => overviewOf(run.statuses()).status === value;
  const atMs = Date.parse(value);
  if (key === 'CreatedTime' && type === 'GREATER_THAN') return ({ createdAtMs }) => createdAtMs > atMs;
  if (key === 'CreatedTime' && type === 'LESS_THAN') return ({ createdAtMs }) => createdAtMs < atMs;
  throw notModelled(`the filter ${key} ${type}`, 'ValidationException');
}

function summary(ssm: Ssm, association: Association): Reply {
  const { plan } = association;
  const statuses = ssm.associations.statuses(association.id);
  const { status, detailedStatus, counts } = overviewOf(statuses);
  return {
    Name: plan.documentName,
    AssociationId: association.id,
    AssociationVersion: String(association.version),
    DocumentVersion: plan.documentVersion,
    Targets: [{ Key: plan.target.key, Values: plan.target.values }],
    LastExecutionDate: lastOf(statuses),
    Overview: {
      Status: status,
      DetailedStatus: detailedStatus,
      AssociationStatusAggregatedCount: counts,
    },
    ScheduleExpression: plan.schedule?.expression,
    AssociationName: plan.associationName,
  };
}

function description(ssm: Ssm, association: Association): Reply {
  const { plan } = association;
  const successes = ssm.associations.statuses(association.id).filter(({ status }) => status === 'Success');
  return {
    ...summary(ssm, association),
    Date: new Date(association.createdAtMs),
    LastUpdateAssociationDate: new Date(association.updatedAtMs),
    Parameters: plan.parameters,
    LastSuccessfulExecutionDate: lastOf(successes),
    MaxErrors: plan.maxErrors,
    MaxConcurrency: plan.maxConcurrency,
    ComplianceSeverity: plan.complianceSeverity,
    SyncCompliance: 'AUTO',
    ApplyOnlyAtCronInterval: false,
  };
}

function instanceStatus({ id, plan }: Association, status: TargetStatus): Reply {
  return {
    AssociationId: id,
    Name: plan.documentName,
    DocumentVersion: status.documentVersion,
    AssociationVersion: String(status.associationVersion),
    InstanceId: status.instanceId,
    ExecutionDate: status.executedAtMs === undefined ? undefined : new Date(status.executedAtMs),
    Status: status.status,
    DetailedStatus: status.detailedStatus,
    ExecutionSummary: status.summary,
    ErrorCode: status.errorCode === '' ? undefined : status.errorCode,
    AssociationName: plan.associationName,
  };
}

function execution(run: AssociationRun): Reply {
  const statuses = run.statuses();
  const { status, detailedStatus, counts } = overviewOf(statuses);
  const perStatus = Object.entries(counts).map(([name, count]) => `${name}=${count}`);
  return {
    AssociationId: run.association.id,
    AssociationVersion: String(run.association.version),
    ExecutionId: run.id,
    Status: status,
    DetailedStatus: detailedStatus,
    CreatedTime: new Date(run.createdAtMs),
    LastExecutionDate: lastOf(statuses),
    ResourceCountByStatus: `{${perStatus.join(', ')}}`,
  };
}

function lastOf(statuses: readonly TargetStatus[]): Date | undefined {
  const times = statuses.flatMap(({ executedAtMs }) => executedAtMs ?? []);
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
