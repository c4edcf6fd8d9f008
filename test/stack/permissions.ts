/** What the role of a function may do, as lines that a person can read. */
import { resourcesOf, shortId, type Template, text } from './template.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

interface Policy {
  readonly managed: boolean;
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
}

/** `action | resource`, then a condition if there is one; a Deny would say so. */
export function permissionsOf(template: Template, name: string): readonly string[] {
  return policiesOf(template, name)
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Effect, Action, Resource, Condition }) =>
      [Action].flat().flatMap((action) =>
        [Resource].flat().map((resource) => {
          const condition = Condition === undefined ? '' : ` | ${JSON.stringify(Condition)}`;
          return `${Effect === 'Allow' ? '' : `${Effect} `}${action} | ${text(resource)}${condition}`;
        }),
      ),
    );
}

/** Inline, beside it, and managed. */
export function policiesOf(template: Template, name: string): readonly Policy[] {
  const [id, role] =
    resourcesOf(template, 'AWS::IAM::Role').find(([id]) => shortId(id) === `${name}Role`) ?? [];
  const inline = (role?.Properties?.['Policies'] ?? []) as readonly Omit<Policy, 'managed'>[];
  const others = (type: string) =>
    resourcesOf(template, type).flatMap(([, { Properties }]) => {
      const { Roles, PolicyDocument } = Properties as unknown as Attached;
      return Roles.some(({ Ref }) => Ref === id) ? [{ PolicyDocument }] : [];
    });
  return [
    ...[...inline, ...others('AWS::IAM::Policy')].map((each) => ({ ...each, managed: false })),
    ...others('AWS::IAM::ManagedPolicy').map((each) => ({ ...each, managed: true })),
  ];
}

type Attached = Pick<Policy, 'PolicyDocument'> & { readonly Roles: readonly { readonly Ref?: string }[] };
