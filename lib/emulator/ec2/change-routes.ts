/** CreateRoute, ReplaceRoute and DeleteRoute on the wire. Other targets and destinations than these the shapes refuse by name. */
import { AwsError } from '../errors.ts';
import { type Operation, operation } from '../service.ts';
import { structure, type Value } from '../shapes.ts';
import { routeTableTarget } from './iam-targets.ts';
import type { Ec2 } from './model.ts';
import { refuseDryRun, required } from './reply-items.ts';
import { addRoute, type RouteRequest, removeRoute, retargetRoute } from './routes.ts';

const input = structure({
  RouteTableId: 'string',
  DestinationCidrBlock: 'string',
  GatewayId: 'string',
  InstanceId: 'string',
  NetworkInterfaceId: 'string',
  DryRun: 'boolean',
});

const deleteInput = structure({ RouteTableId: 'string', DestinationCidrBlock: 'string', DryRun: 'boolean' });

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html */
export function createRoute(ec2: Ec2): Operation {
  return changing(ec2, addRoute);
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRoute.html */
export function replaceRoute(ec2: Ec2): Operation {
  return changing(ec2, retargetRoute);
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRoute.html */
export function deleteRoute(ec2: Ec2): Operation {
  return operation(
    deleteInput,
    ({ RouteTableId, DestinationCidrBlock, DryRun }) => {
      refuseDryRun(DryRun);
      const tableId = required(RouteTableId, 'routeTableId');
      removeRoute(ec2, tableId, requireDestination(DestinationCidrBlock));
      return { return: true };
    },
    ({ RouteTableId = '' }) => [routeTableTarget(ec2, RouteTableId)],
  );
}

function changing(ec2: Ec2, change: (ec2: Ec2, request: RouteRequest) => void): Operation {
  return operation(
    input,
    (request) => {
      refuseDryRun(request.DryRun);
      change(ec2, read(request));
      return { return: true };
    },
    ({ RouteTableId = '' }) => [routeTableTarget(ec2, RouteTableId)],
  );
}

function read(request: Value<typeof input>): RouteRequest {
  return {
    tableId: required(request.RouteTableId, 'routeTableId'),
    destination: requireDestination(request.DestinationCidrBlock),
    gatewayId: request.GatewayId,
    interfaceId: request.NetworkInterfaceId,
    instanceId: request.InstanceId,
  };
}

/** AWS's wording names all kinds of destinations. */
function requireDestination(cidr: string | undefined): string {
  if (cidr !== undefined) return cidr;
  throw new AwsError('MissingParameter', 'The request must contain exactly one of: destinationCidrBlock');
}
