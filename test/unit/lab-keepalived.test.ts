import { expect, it } from 'vitest';
import { configurationOf } from '../../lib/lab/keepalived-configuration.ts';

const peer = { server: 'ServerA', device: 'eth0', address: '10.0.1.10', eniId: 'eni-1', priority: 101 };

it('keepalived is configured with unicast peers, the protected address and a word for the lab', () => {
  const text = configurationOf(peer, ['10.0.1.20'], '10.0.1.50', 1);
  expect(text).toContain('state MASTER');
  expect(text).toContain('advert_int 1\n');
  expect(text).toMatch(/unicast_src_ip 10\.0\.1\.10\s+unicast_peer \{\s+10\.0\.1\.20\s+\}/);
  expect(text).toMatch(/virtual_ipaddress \{\s+10\.0\.1\.50\/32 dev eth0\s+\}/);
  expect(text).toContain('notify_master "/bin/sh -c');
  expect(text).not.toContain('vrrp_version');
  expect(text.split('{').length).toBe(text.split('}').length);
});

it('keepalived counts in version 3 when it counts in tenths, which version 2 rounds up to seconds', () => {
  const backup = configurationOf({ ...peer, priority: 100 }, [], '10.0.1.50', 0.1);
  expect(backup).toContain('vrrp_version 3');
  expect(backup).toContain('advert_int 0.1\n');
  expect(backup).toContain('state BACKUP');
});
