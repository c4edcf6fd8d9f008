/** What can befall a single call, in the words of the service that is called. */
import { type Effect, ec2Throttle, type Fault } from '../../lib/emulator/faults.ts';

/** By operation: AWS's own code for a throttle. */
const throttles: { readonly [operation: string]: Effect } = {
  DescribeNetworkInterfaces: ec2Throttle,
  DescribeInstanceStatus: ec2Throttle,
  DescribeInstances: ec2Throttle,
  DescribeInstanceTypes: ec2Throttle,
  DescribeVolumes: ec2Throttle,
  AssignPrivateIpAddresses: ec2Throttle,
  AttachVolume: ec2Throttle,
  DetachVolume: ec2Throttle,
  DescribeTargetHealth: refusal('Throttling', 400),
  RegisterTargets: refusal('Throttling', 400),
  DeregisterTargets: refusal('Throttling', 400),
  SendCommand: refusal('ThrottlingException', 400),
  GetCommandInvocation: refusal('ThrottlingException', 400),
  GetItem: refusal('ThrottlingException', 400),
  PutItem: refusal('ProvisionedThroughputExceededException', 400),
  UpdateItem: refusal('ThrottlingException', 400),
  DescribeInstanceInformation: refusal('ThrottlingException', 400),
  CheckpointDurableExecution: refusal('TooManyRequestsException', 429),
  Invoke: refusal('TooManyRequestsException', 429),
  DescribeAlarms: refusal('Throttling', 400),
  Publish: refusal('Throttled', 429),
};

/** On every call of the operation in turn: throttled, answered with a 5xx, lost on its way, and only then served. */
export function refusedThreeTimes(operation: string): readonly Fault[] {
  const effects = [
    throttles[operation] ?? refusal('ThrottlingException', 400),
    refusal('InternalError', 500),
    { kind: 'lose-request' } as const,
  ];
  return effects.map((effect, turn) => inTurn(operation, effect, turn, effects.length + 1));
}

/** Every other call takes effect and its answer is lost: the caller cannot know, and asks again. */
export function answeredInVain(operation: string): readonly Fault[] {
  return [inTurn(operation, { kind: 'lose-response' }, 0, 2)];
}

/** Two calls at the same time each have turns of their own: told apart by what they ask. */
function inTurn(operation: string, effect: Effect, turn: number, turns: number): Fault {
  const calls = new Map<string, number>();
  return {
    operation,
    effect,
    times: Number.POSITIVE_INFINITY,
    when: ({ input }) => {
      const call = JSON.stringify(input);
      const before = calls.get(call) ?? 0;
      calls.set(call, before + 1);
      return before % turns === turn;
    },
  };
}

function refusal(code: string, status: number): Effect {
  return { kind: 'refuse', code, status, message: 'bad luck' };
}
