/** How one CloudFormation resource type is put into a service. Each service lists its own beside its model. */
import { readJson, type StructureShape, type Value } from '../shapes.ts';

/** What `Ref` and `Fn::GetAtt` give for a created resource. */
export interface Created {
  readonly physicalId: string;
  readonly attributes?: { readonly [name: string]: string };
}

export interface ResourceContext {
  readonly stackName: string;
  readonly logicalId: string;
  /** Directory of a file asset by the S3 key that the template names, e.g. `<hash>.zip`. */
  readonly assetDirectory: (s3Key: string) => string;
}

export interface ResourceProvider {
  /** Such as `AWS::SSM::Document`. */
  readonly type: string;
  /** @throws AwsError naming a property that is not modelled */
  readonly create: (properties: unknown, context: ResourceContext) => Created | Promise<Created>;
  /** Keeps the physical id; a type without it is replaced (created anew, then the old one deleted). */
  readonly update?: (
    physicalId: string,
    properties: unknown,
    context: ResourceContext,
  ) => Created | Promise<Created>;
  readonly remove: (physicalId: string) => void | Promise<void>;
}

/** Keeps the type of the properties between their shape and what is done with them. */
export function provider<S extends StructureShape>(
  type: string,
  shape: S,
  actions: {
    readonly create: (properties: Value<S>, context: ResourceContext) => Created | Promise<Created>;
    readonly update?: (
      physicalId: string,
      properties: Value<S>,
      context: ResourceContext,
    ) => Created | Promise<Created>;
    readonly remove: (physicalId: string) => void | Promise<void>;
  },
): ResourceProvider {
  const { create, update, remove } = actions;
  return {
    type,
    create: (properties, context) => create(readJson(shape, properties), context),
    ...(update === undefined
      ? {}
      : { update: (id, properties, context) => update(id, readJson(shape, properties), context) }),
    remove,
  };
}
