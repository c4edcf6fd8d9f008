/**
 * The SSM Command document that carries address.sh to an instance. `{{ Name }}` is replaced as text before any shell
 * sees it, so each parameter stands once, in single quotes, behind a pattern that lets no quote through.
 *
 * A pattern is read by two engines, Java's at the API and Go's RE2 on the instance: only what both know is used here.
 * Java's `$` accepts a last newline; the script's own check does not.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
 */
import { addressScript } from './address-script.ts';

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const ipv4 = `(${octet}\\.){3}${octet}`;

/** Groups of hexadecimal digits: which of them are an address the script knows. */
const ipv6 = '[0-9a-f]{1,4}(:[0-9a-f]{0,4}){2,7}';

/** With a port it is asked for a connection, without for a ping. */
const port = ':[1-9][0-9]{0,4}';
const target = `(${ipv4}(${port})?|${ipv6}|\\[${ipv6}\\]${port})`;

const mechanisms = ['secondary', 'ipv6', 'overlay', 'elastic'] as const;

export type AddressParameter = 'Action' | 'Mechanism' | 'Address' | 'Mac' | 'Subnet' | 'PingList' | 'Order';

export const parameterPatterns: Readonly<Record<AddressParameter, string>> = {
  Action: '^(restore|remove|verify|status)$',
  Mechanism: `^(${mechanisms.join('|')})$`,
  Address: `^(${ipv4}|${ipv6})$`,
  Mac: '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$',
  Subnet: `^(${ipv4}/(1[6-9]|2[0-8])|${ipv6}/(44|48|52|56|60|64))$`,
  PingList: `^(none|${target}(,${target}){0,7})$`,
  Order: '^[0-9]{1,15}$',
};

/** The content of the document, schema version 2.2; its limit is 64 KB. */
export function addressDocument(): object {
  return {
    schemaVersion: '2.2',
    description:
      'Holdfast: puts a protected IP address in service on one network interface, takes it off, or looks',
    parameters: {
      Action: {
        ...parameter('Action', 'What to do: restore, remove, verify (look) or status (look, never fail)'),
        allowedValues: ['restore', 'remove', 'verify', 'status'],
      },
      Mechanism: {
        ...optional(
          'Mechanism',
          'What the address is: secondary (a private IPv4 address of the subnet), ipv6, overlay (an IPv4 address outside of the VPC) or elastic (the own primary address of the interface, which a public one leads to)',
        ),
        allowedValues: mechanisms,
        default: 'secondary',
      },
      Address: parameter('Address', 'The protected address, such as 10.0.1.50'),
      Mac: parameter('Mac', 'The MAC address of the network interface it is about, in lower case'),
      Subnet: parameter('Subnet', 'The CIDR block of the subnet of that interface, such as 10.0.1.0/24'),
      PingList: parameter(
        'PingList',
        'Up to 8 addresses to ask for an answer, each with a TCP port or without, with commas, or none; one of IPv6 with a port in brackets',
      ),
      Order: {
        ...optional(
          'Order',
          'A number that rises: what is older than the last that ran is refused; 0 for none',
        ),
        default: '0',
      },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'address',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: {
          timeoutSeconds: '15',
          runCommand: [...preamble, ...addressScript().trimEnd().split('\n'), 'main'],
        },
      },
    ],
  };
}

function parameter(name: AddressParameter, description: string, need = 'Required') {
  return {
    type: 'String',
    description: `(${need}) ${description}`,
    allowedPattern: parameterPatterns[name],
  };
}

function optional(name: AddressParameter, description: string) {
  return parameter(name, description, 'Optional');
}

const preamble = [
  '#!/bin/sh',
  "HOLDFAST_ACTION='{{ Action }}'",
  "HOLDFAST_MECHANISM='{{ Mechanism }}'",
  "HOLDFAST_ADDRESS='{{ Address }}'",
  "HOLDFAST_MAC='{{ Mac }}'",
  "HOLDFAST_SUBNET='{{ Subnet }}'",
  "HOLDFAST_PING='{{ PingList }}'",
  "HOLDFAST_ORDER='{{ Order }}'",
] as const;
