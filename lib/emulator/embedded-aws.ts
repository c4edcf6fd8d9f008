/**
 * The embedded AWS, assembled: one account in one Region behind one front door, reached over HTTP on loopback or in
 * process, into which the project's own template is deployed.
 */
import type { Server } from 'node:http';
import { Account } from './account.ts';
import { type Clock, WallClock } from './clock.ts';
import { type Deployment, deploy } from './cloudformation/deploy.ts';
import type { ResourceProvider } from './cloudformation/provider.ts';
import { CloudWatch } from './cloudwatch/cloudwatch.ts';
import { cloudWatchResources } from './cloudwatch/resources.ts';
import { cloudWatchService } from './cloudwatch/service.ts';
import { DynamoDb } from './dynamodb/dynamodb.ts';
import { dynamoDbResources } from './dynamodb/resources.ts';
import { dynamoDbService } from './dynamodb/service.ts';
import { Ec2 } from './ec2/model.ts';
import { ec2Service } from './ec2/service.ts';
import { Elbv2 } from './elbv2/elbv2.ts';
import { elbv2Service } from './elbv2/service.ts';
import { EventBridge } from './events/eventbridge.ts';
import { eventBridgeResources } from './events/resources.ts';
import { eventBridgeService } from './events/service.ts';
import { Gateway } from './gateway.ts';
import { iamResources } from './iam-resources.ts';
import { type HandlerFactory, InProcessRuntime } from './lambda/in-process-runtime.ts';
import { Lambda } from './lambda/lambda.ts';
import { lambdaResources } from './lambda/resources.ts';
import { lambdaService } from './lambda/service.ts';
import { WorkerRuntime } from './lambda/worker-runtime.ts';
import { logsResources } from './logs-resources.ts';
import { Route53 } from './route53/route53.ts';
import { route53Service } from './route53/service.ts';
import { snsResources } from './sns/resources.ts';
import { snsService } from './sns/service.ts';
import { Sns } from './sns/sns.ts';
import { Ssm } from './ssm/model.ts';
import { ssmResources } from './ssm/resources.ts';
import { ssmService } from './ssm/service.ts';
import { stsService } from './sts/service.ts';
import { listen, sdkRequestHandler } from './transports.ts';

export interface EmbeddedAwsOptions {
  readonly clock: Clock;
  /** Repeats every id, delay and fault. */
  readonly seed: string;
  /** `worker`: the bundles as they ship, over HTTP, so `listen` comes first; else what makes a handler in this process. */
  readonly runtime: 'worker' | HandlerFactory;
  readonly accountId?: string;
  readonly region?: string;
}

export class EmbeddedAws {
  readonly account: Account;
  readonly gateway: Gateway;
  readonly ec2: Ec2;
  readonly cloudWatch: CloudWatch;
  readonly events: EventBridge;
  readonly sns: Sns;
  readonly ssm: Ssm;
  readonly dynamoDb: DynamoDb;
  readonly lambda: Lambda;
  readonly route53: Route53;
  readonly elbv2: Elbv2;
  readonly #providers: readonly ResourceProvider[];
  readonly #deployments = new Map<string, Deployment>();
  #listening: { readonly port: number; readonly server: Server } | undefined;

  constructor({ clock, seed, runtime, accountId, region }: EmbeddedAwsOptions) {
    const account = new Account({
      clock,
      seed,
      ...(accountId === undefined ? {} : { id: accountId }),
      ...(region === undefined ? {} : { region }),
    });
    this.account = account;
    this.gateway = new Gateway(account);
    this.ec2 = new Ec2(account);
    this.cloudWatch = new CloudWatch(account);
    this.events = new EventBridge(account);
    this.sns = new Sns(account);
    this.ssm = new Ssm(account, this.ec2, this.gateway);
    this.dynamoDb = new DynamoDb(account);
    this.lambda = new Lambda(
      account,
      runtime === 'worker'
        ? new WorkerRuntime(account, () => this.endpoint)
        : new InProcessRuntime(account, this.gateway, runtime),
    );
    this.route53 = new Route53(account);
    this.elbv2 = new Elbv2(account, this.ec2);
    this.gateway.add(ec2Service(this.ec2));
    this.gateway.add(cloudWatchService(this.cloudWatch));
    this.gateway.add(eventBridgeService(this.events));
    this.gateway.add(snsService(this.sns));
    this.gateway.add(ssmService(this.ssm));
    this.gateway.add(stsService());
    this.gateway.add(elbv2Service(this.elbv2));
    this.gateway.addRaw(dynamoDbService(this.dynamoDb));
    this.gateway.addRaw(lambdaService(this.lambda));
    this.gateway.addRaw(route53Service(this.route53));
    this.#providers = [
      ...cloudWatchResources(this.cloudWatch),
      ...dynamoDbResources(this.dynamoDb),
      ...eventBridgeResources(this.events),
      ...iamResources(account),
      ...lambdaResources(this.lambda),
      ...logsResources(account),
      ...snsResources(this.sns),
      ...ssmResources(this.ssm),
    ];
  }

  /** For SDK clients in this process. */
  requestHandler(): ReturnType<typeof sdkRequestHandler> {
    return sdkRequestHandler(this.gateway);
  }

  /** On 127.0.0.1; port 0 takes a free one. @returns the URL @throws when the port is taken or it listens already */
  async listen(port: number): Promise<string> {
    if (this.#listening !== undefined)
      throw new Error(`the embedded AWS listens on ${this.endpoint} already`);
    this.#listening = await listen(this.gateway, port);
    return this.endpoint;
  }

  /** @throws before `listen` */
  get endpoint(): string {
    if (this.#listening === undefined)
      throw new Error('the embedded AWS does not listen yet: call listen() first');
    return `http://127.0.0.1:${this.#listening.port}`;
  }

  /** Creates or updates the stack. @throws DeploymentFailed naming resource and AWS's error, after rolling back */
  async deploy(
    assemblyDirectory: string,
    stackName: string,
    options: {
      readonly parameters?: { readonly [name: string]: string };
      readonly onProgress?: (line: string) => void;
    } = {},
  ): Promise<Deployment> {
    const deployment = await this.account.clock.work(() =>
      deploy({
        ...options,
        assemblyDirectory,
        stackName,
        account: this.account,
        providers: this.#providers,
        previous: this.#deployments.get(stackName),
      }),
    );
    this.#deployments.set(stackName, deployment);
    return deployment;
  }

  deployment(stackName: string): Deployment | undefined {
    return this.#deployments.get(stackName);
  }

  /** Ends everything that runs by itself: functions, timers, the listener. */
  async stop(): Promise<void> {
    this.lambda.stop();
    this.ec2.stop();
    this.cloudWatch.stop();
    this.events.stop();
    this.ssm.stop();
    this.elbv2.stop();
    if (this.account.clock instanceof WallClock) this.account.clock.stop();
    const server = this.#listening?.server;
    this.#listening = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}
