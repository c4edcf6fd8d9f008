/**
 * Calls a person by two ways: the stack's SNS topic, and an OpsItem, of which there is one for each resource as long as
 * it is open. https://docs.aws.amazon.com/systems-manager/latest/userguide/OpsCenter-creating-OpsItems.html
 */
import { CreateOpsItemCommand } from '@aws-sdk/client-ssm';
import { Fault } from '../recovery/fault.ts';
import type { Page, Pages } from '../recovery/ports.ts';
import type { Clients } from './clients.ts';
import { awsCode } from './errors.ts';
import { type Retrying, withRetries } from './retry.ts';

/** SNS's own limit (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html). */
const subjectLimit = 100;
/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateOpsItem.html */
const descriptionLimit = 2_048;
/** 1 is critical, 4 is low. */
const severity = '2';

export function pagesOver(
  clients: Clients,
  place: { readonly topicArn: string; readonly fleet: string },
  retrying: Retrying,
): Pages {
  return {
    async page(page) {
      const ways = await Promise.allSettled([
        publish(clients, place.topicArn, page, retrying),
        openOpsItem(clients, place.fleet, page, retrying),
      ]);
      const failed = ways.flatMap((way) => (way.status === 'rejected' ? [way.reason] : []));
      const bug = failed.find((reason) => !(reason instanceof Fault));
      if (bug !== undefined) throw bug;
      const [first] = failed as readonly Fault[];
      if (first === undefined) return;
      const told = failed.length < ways.length ? 'a person was called by one way only' : 'nobody was called';
      const why = failed.map((reason) => (reason as Fault).message).join('; ');
      throw new Fault(first.code, `${told}: ${why}`, first.retry, { cause: first });
    },
  };
}

async function publish(
  clients: Clients,
  topicArn: string,
  { subject, text }: Page,
  retrying: Retrying,
): Promise<void> {
  const [{ PublishCommand }, sns] = await Promise.all([import('@aws-sdk/client-sns'), clients.sns()]);
  const command = new PublishCommand({
    TopicArn: topicArn,
    Subject: subject.slice(0, subjectLimit),
    Message: text,
  });
  await withRetries(retrying, 'sns:Publish', () => sns.send(command));
}

async function openOpsItem(
  { ssm }: Clients,
  fleet: string,
  { tag, subject, text }: Page,
  retrying: Retrying,
): Promise<void> {
  const command = new CreateOpsItemCommand({
    Title: subject.slice(0, subjectLimit),
    Description: text.slice(0, descriptionLimit),
    Source: 'holdfast',
    Category: 'Availability',
    Severity: severity,
    OperationalData: {
      '/aws/dedup': {
        Type: 'SearchableString',
        Value: JSON.stringify({ dedupString: `holdfast-${fleet}-${tag}` }),
      },
    },
  });
  try {
    await withRetries(retrying, 'ssm:CreateOpsItem', () => ssm.send(command));
  } catch (error) {
    // One is open already: somebody knows.
    if (awsCode(error instanceof Error ? error.cause : undefined) === 'OpsItemAlreadyExistsException') return;
    throw error;
  }
}
