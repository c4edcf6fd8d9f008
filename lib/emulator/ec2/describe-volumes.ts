import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { attachmentItem } from './change-volumes.ts';
import { type FilterTable, filterShape, select, tagFilters } from './filters.ts';
import type { Ec2 } from './model.ts';
import { page } from './pages.ts';
import type { Volume } from './records.ts';
import { refuseDryRun, tagSet } from './reply-items.ts';

const input = structure({
  VolumeId: list('string'),
  Filter: filterShape,
  MaxResults: 'integer',
  NextToken: 'string',
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html */
export function describeVolumes({ volumes }: Ec2): Operation {
  return operation(input, ({ VolumeId: ids, Filter, MaxResults, NextToken, DryRun }) => {
    refuseDryRun(DryRun);
    const named = ids?.map((id) => volumes.get(id)) ?? volumes.all();
    const shown = named.map((volume) => volumes.shown(volume));
    const { items, nextToken } = page(select(shown, Filter, filters), {
      ids,
      maxResults: MaxResults,
      nextToken: NextToken,
    });
    return { volumeSet: items.map(volumeItem), nextToken };
  });
}

const filters: FilterTable<Volume> = {
  ...tagFilters((volume: Volume) => volume.tags),
  'volume-id': ({ id }) => [id],
  'availability-zone': ({ availabilityZone }) => [availabilityZone],
  'attachment.instance-id': ({ attachment }) => [attachment?.instanceId],
  'attachment.device': ({ attachment }) => [attachment?.device],
  'attachment.status': ({ attachment }) => [attachment?.state],
  'attachment.delete-on-termination': ({ attachment }) => [
    attachment && String(attachment.deleteOnTermination),
  ],
  size: ({ sizeGib }) => [String(sizeGib)],
  status: (volume) => [statusOf(volume)],
};

/** In use as long as anything is attached, on its way or not. */
function statusOf({ attachment }: Volume): 'available' | 'in-use' {
  return attachment === undefined ? 'available' : 'in-use';
}

/** What is not modelled (performance, snapshot) is left out rather than made up. */
function volumeItem(volume: Volume): Reply {
  const { id, attachment } = volume;
  return {
    volumeId: id,
    size: volume.sizeGib,
    availabilityZone: volume.availabilityZone,
    status: statusOf(volume),
    createTime: new Date(volume.createdAtMs),
    attachmentSet: attachment === undefined ? [] : [attachmentItem(id, attachment)],
    tagSet: tagSet(volume.tags),
    encrypted: false,
    multiAttachEnabled: false,
  };
}
