/**
 * EBS volumes: one attachment at a time, within one Availability Zone.
 *
 *   available ─attach─▶ attaching ─▶ attached ─detach─▶ detaching ─▶ available
 *                                                          └─▶ busy ─force, stop or unmount─▶ available
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachVolume.html: while the guest holds on to a volume, its
 * detachment may hang. That a guest which does not run on a running instance holds on as well is not documented.
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import { AwsError } from '../errors.ts';
import type { Ids } from './ids.ts';
import type { Instance, Tags, Volume, VolumeAttachment } from './records.ts';
import { Versions } from './versions.ts';
import { isId, type World } from './world.ts';

export interface VolumePlan {
  readonly id?: string;
  readonly availabilityZone?: string;
  readonly sizeGib?: number;
  readonly attachedTo?: { readonly instanceId: string; readonly device: string };
  /** Goes with the instance it is attached to. */
  readonly deleteOnTermination?: boolean;
  readonly tags?: Tags;
}

interface DetachRequest {
  readonly volumeId: string;
  readonly instanceId: string | undefined;
  readonly device: string | undefined;
  readonly force: boolean;
}

const usualSizeGib = 8;

export class Volumes {
  /** AWS promises no times; these are of the order that is seen. */
  attachMs = 2_000;
  detachMs = 3_000;
  readonly #account: Account;
  readonly #world: World;
  readonly #ids: Ids;
  readonly #volumes = new Map<string, Volume>();
  readonly #past: Versions<Volume>;
  readonly #timers = new Map<string, Timer>();
  readonly #held = new Set<string>();
  readonly #forced = new Set<string>();

  constructor(account: Account, world: World, ids: Ids) {
    this.#account = account;
    this.#world = world;
    this.#ids = ids;
    this.#past = new Versions(() => account.clock.now());
  }

  // ---- Building, and faults

  add(plan: VolumePlan = {}): Volume {
    const nowMs = this.#account.clock.now();
    const { attachedTo, deleteOnTermination = false } = plan;
    const zone = attachedTo && this.#world.findInstance(attachedTo.instanceId)?.availabilityZone;
    const availabilityZone = plan.availabilityZone ?? zone ?? `${this.#account.region}a`;
    if (attachedTo !== undefined && zone !== availabilityZone)
      throw new Error(`${attachedTo.instanceId} is not in ${availabilityZone}`);
    const volume: Volume = {
      id: this.#ids.take('vol', plan.id),
      availabilityZone,
      sizeGib: plan.sizeGib ?? usualSizeGib,
      createdAtMs: nowMs,
      tags: plan.tags ?? {},
      attachment: attachedTo && {
        ...attachedTo,
        state: 'attached',
        attachedAtMs: nowMs,
        deleteOnTermination,
      },
    };
    this.#volumes.set(volume.id, volume);
    return volume;
  }

  /** Fault: the guest has it mounted and does not let go, so a detachment without force stays busy. Or lets go again. */
  hold(volumeId: string, holds: boolean): void {
    if (holds) this.#held.add(volumeId);
    else this.#held.delete(volumeId);
    if (this.get(volumeId).attachment?.state === 'busy') this.#letGo(volumeId);
  }

  /** No change of state fires after this. */
  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  // ---- Looking

  all(): readonly Volume[] {
    return [...this.#volumes.values()];
  }

  find(id: string): Volume | undefined {
    return this.#volumes.get(id);
  }

  /** @throws AwsError InvalidVolumeID.Malformed, InvalidVolume.NotFound */
  get(id: string): Volume {
    const volume = this.#volumes.get(id);
    if (volume !== undefined) return volume;
    if (!isId('vol', id)) throw new AwsError('InvalidVolumeID.Malformed', `Invalid id: "${id}"`);
    throw new AwsError('InvalidVolume.NotFound', `The volume '${id}' does not exist.`);
  }

  attachedTo(instanceId: string): readonly Volume[] {
    return this.all().filter(({ attachment }) => attachment?.instanceId === instanceId);
  }

  /** The volume as a Describe shows it now. */
  shown(volume: Volume): Volume {
    return this.#past.shown(volume.id, this.#world.describeLagMs) ?? volume;
  }

  // ---- Changing

  attach(volumeId: string, instanceId: string, device: string): VolumeAttachment {
    const volume = this.get(volumeId);
    const [instance] = this.#world.instancesById([instanceId]);
    if (instance !== undefined) this.#checkAttach(volume, instance, device);
    const attachedAtMs = this.#account.clock.now();
    const attachment = { instanceId, device, attachedAtMs, deleteOnTermination: false };
    this.#put(volumeId, { ...attachment, state: 'attaching' });
    this.#after(volumeId, this.attachMs, () => this.#put(volumeId, { ...attachment, state: 'attached' }));
    return { ...attachment, state: 'attaching' };
  }

  detach({ volumeId, instanceId, device, force }: DetachRequest): VolumeAttachment {
    const { attachment } = this.get(volumeId);
    // seen: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/issues/1801
    if (attachment === undefined)
      throw new AwsError('IncorrectState', `Volume '${volumeId}' is in the 'available' state.`);
    if (instanceId !== undefined) this.#world.instancesById([instanceId]);
    // The code is documented, the wording is not.
    if (
      (instanceId ?? attachment.instanceId) !== attachment.instanceId ||
      (device ?? attachment.device) !== attachment.device
    )
      throw new AwsError(
        'InvalidAttachment.NotFound',
        `The volume '${volumeId}' is not attached to instance '${instanceId ?? attachment.instanceId}' as device ${device ?? attachment.device}`,
      );
    // What AWS says to a second call while the first is under way is not documented.
    const isUnderWay = attachment.state === 'detaching' || attachment.state === 'busy';
    if (isUnderWay && !force) return attachment;
    if (force) this.#forced.add(volumeId);
    const detaching = { ...attachment, state: 'detaching' } as const;
    this.#put(volumeId, detaching);
    this.#after(volumeId, this.detachMs, () => this.#letGo(volumeId));
    return detaching;
  }

  /** What hung lets go. */
  instanceStopped(instanceId: string): void {
    for (const { id, attachment } of this.attachedTo(instanceId))
      if (attachment?.state === 'busy') this.#letGo(id);
  }

  instanceTerminated(instanceId: string): void {
    for (const { id, attachment } of this.attachedTo(instanceId)) {
      this.#timers.get(id)?.cancel();
      if (attachment?.deleteOnTermination) this.#volumes.delete(id);
      else this.#put(id, undefined);
    }
  }

  #letGo(volumeId: string): void {
    const attachment = this.#volumes.get(volumeId)?.attachment;
    if (attachment === undefined) return;
    const isFree = this.#forced.has(volumeId) || this.#isReleased(volumeId, attachment.instanceId);
    this.#put(volumeId, isFree ? undefined : { ...attachment, state: 'busy' });
    if (isFree) this.#forced.delete(volumeId);
  }

  #isReleased(volumeId: string, instanceId: string): boolean {
    const instance = this.#world.findInstance(instanceId);
    if (instance === undefined || instance.state === 'stopped') return true;
    return instance.host.isUp() && !this.#held.has(volumeId);
  }

  #checkAttach(volume: Volume, instance: Instance, device: string): void {
    // seen: https://github.com/kubernetes/kubernetes, in reports of volumes that could not be attached; so the next three
    if (volume.attachment !== undefined)
      throw new AwsError('VolumeInUse', `${volume.id} is already attached to an instance`);
    if (volume.availabilityZone !== instance.availabilityZone)
      throw new AwsError(
        'InvalidVolume.ZoneMismatch',
        `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`,
      );
    if (instance.state !== 'running' && instance.state !== 'stopped')
      throw new AwsError('IncorrectState', `Instance '${instance.id}' is not 'running'.`);
    if (this.attachedTo(instance.id).some(({ attachment }) => attachment?.device === device))
      throw new AwsError(
        'InvalidParameterValue',
        `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`,
      );
  }

  #put(volumeId: string, attachment: VolumeAttachment | undefined): void {
    const before = this.get(volumeId);
    this.#past.keep(volumeId, before);
    this.#volumes.set(volumeId, { ...before, attachment });
  }

  #after(volumeId: string, delayMs: number, run: () => void): void {
    this.#timers.get(volumeId)?.cancel();
    this.#timers.set(volumeId, later(this.#account.clock, delayMs, run));
  }
}
