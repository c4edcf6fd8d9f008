import { expect, test } from 'vitest';
import { awsCode, faultOf } from '../../lib/aws/errors.ts';
import { Fault } from '../../lib/recovery/fault.ts';

/** As an SDK v3 client throws it. */
function awsError(name: string, httpStatusCode = 400): Error {
  const error = new Error(`the words of ${name}`);
  error.name = name;
  return Object.assign(error, { $metadata: { httpStatusCode } });
}

/** As Node's sockets throw it. */
function networkError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

test.each([
  ['RequestLimitExceeded', 503, 'throttled', 'later'],
  ['ThrottlingException', 400, 'throttled', 'later'],
  ['TooManyRequestsException', 429, 'throttled', 'later'],
  ['ProvisionedThroughputExceededException', 400, 'throttled', 'later'],
  ['InternalError', 500, 'service-unavailable', 'later'],
  ['SomethingNobodyKnows', 502, 'service-unavailable', 'later'],
  ['SomethingNobodyKnows', 429, 'throttled', 'later'],
  ['UnauthorizedOperation', 403, 'access-denied', 'never'],
  ['AccessDeniedException', 400, 'access-denied', 'never'],
  ['ExpiredTokenException', 400, 'access-denied', 'never'],
  ['InvalidNetworkInterfaceID.NotFound', 400, 'not-found', 'never'],
  ['ResourceNotFoundException', 404, 'not-found', 'never'],
  ['PrivateIpAddressLimitExceeded', 400, 'refused', 'never'],
  ['InvalidParameterValue', 400, 'refused', 'never'],
  ['InvalidInstanceId', 400, 'refused', 'never'],
  ['InvalidRouteTableID.NotFound', 400, 'not-found', 'never'],
  ['TargetGroupNotFoundException', 400, 'not-found', 'never'],
  ['PriorRequestNotComplete', 400, 'refused', 'later'],
  ['VolumeInUse', 400, 'refused', 'later'],
] as const)('%s with status %d means %s: try again %s', (name, status, code, retry) => {
  expect(faultOf(awsError(name, status), 'ec2:Call')).toMatchObject({ code, retry });
});

test.each(['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN'])(
  'a connection that ends with %s is no answer: try again later',
  (code) => {
    expect(faultOf(networkError(code), 'ec2:Call')).toMatchObject({ code: 'no-answer', retry: 'later' });
  },
);

test('a request that ran out of time is no answer', () => {
  expect(faultOf(awsErrorWithoutStatus('TimeoutError'), 'ec2:Call')).toMatchObject({ code: 'no-answer' });
});

test('codes are compared without case, because EC2 spells some in several ways', () => {
  expect(faultOf(awsError('InvalidNetworkInterfaceId.NotFound'), 'ec2:Call')).toMatchObject({
    code: 'not-found',
  });
});

test('a fault says the call, the code and the words, and keeps its cause', () => {
  const error = awsError('UnauthorizedOperation', 403);
  const fault = faultOf(error, 'ec2:AssignPrivateIpAddresses');
  expect(fault.message).toBe(
    'ec2:AssignPrivateIpAddresses: UnauthorizedOperation: the words of UnauthorizedOperation',
  );
  expect(fault.cause).toBe(error);
});

test('a fault stays the fault that it is', () => {
  const fault = new Fault('refused', 'no', 'never');
  expect(faultOf(fault, 'ec2:Call')).toBe(fault);
});

test('a defect of ours is no fault of AWS, and is thrown as it is', () => {
  const defect = new TypeError('undefined is not a function');
  expect(awsCode(defect)).toBeUndefined();
  expect(() => faultOf(defect, 'ec2:Call')).toThrow(defect);
  expect(() => faultOf('a text', 'ec2:Call')).toThrow('a text');
});

function awsErrorWithoutStatus(name: string): Error {
  const error = new Error(name);
  error.name = name;
  return error;
}
