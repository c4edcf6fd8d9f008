/** The runbooks as documents of the stack. */
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { type RunbookPlace, runbookDocuments } from './runbook-documents.ts';

export function runbooks(scope: Construct, place: RunbookPlace): readonly CfnDocument[] {
  return [...runbookDocuments(place)].map(
    ([name, content]) =>
      new CfnDocument(scope, `Runbook-${name}`, {
        name,
        documentType: 'Automation',
        documentFormat: 'JSON',
        updateMethod: 'NewVersion',
        content,
      }),
  );
}
