/** Calls a person, over the stack's SNS topic. */
import type { Pages } from '../recovery/ports.ts';
import type { Clients } from './clients.ts';
import { type Retrying, withRetries } from './retry.ts';

/** SNS's own limit (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html). */
const subjectLimit = 100;

export function snsPages(clients: Clients, topicArn: string, retrying: Retrying): Pages {
  return {
    async page(subject, text) {
      const [{ PublishCommand }, sns] = await Promise.all([import('@aws-sdk/client-sns'), clients.sns()]);
      const command = new PublishCommand({
        TopicArn: topicArn,
        Subject: subject.slice(0, subjectLimit),
        Message: text,
      });
      await withRetries(retrying, 'sns:Publish', () => sns.send(command));
    },
  };
}
