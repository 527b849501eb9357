/** Vectors of `cidr`: addresses and networks (7.6.2). */
import { ruleCasesOf } from './capability-rules-shared.ts'

const { holds, fails, refused } = ruleCasesOf('cidr', '7.6.2')

export function cidrCases(): readonly object[] {
  return [...ipv4Cases(), ...ipv6Cases(), ...networkCases()]
}

function ipv4Cases(): readonly object[] {
  const net = ['10.1.0.0/16']
  return [
    holds(net, '10.1.0.0', 'the first address'),
    holds(net, '10.1.255.255', 'the last address'),
    fails(net, '10.0.255.255', 'the address before'),
    fails(net, '10.2.0.0', 'the address behind'),
    holds(['192.0.2.7'], '192.0.2.7', 'an address alone in the rule'),
    fails(['192.0.2.7'], '192.0.2.6', 'another address than the one'),
    holds(['192.0.2.0/24', '10.1.0.0/16'], '10.1.2.3', 'the second network'),
    holds(['0.0.0.0/0'], '255.255.255.255', 'a network of all addresses'),
    holds(['10.0.0.0/9'], '10.127.255.255', 'a length within a byte'),
    fails(['10.0.0.0/9'], '10.128.0.0', 'behind a length within a byte'),
    holds(['10.0.0.4/31'], '10.0.0.5', 'length 31'),
    fails(['10.0.0.4/31'], '10.0.0.6', 'behind length 31'),
    fails(['0.0.0.0/0'], '10.1', 'a short form'),
    fails(['0.0.0.0/0'], '10.1.2', 'three numbers'),
    fails(['0.0.0.0/0'], '10.1.2.3.4', 'five numbers'),
    fails(['0.0.0.0/0'], '167837955', 'one decimal number'),
    fails(['0.0.0.0/0'], '0x0a.1.2.3', 'hexadecimal'),
    fails(['0.0.0.0/0'], '012.1.2.3', 'octal, or a leading zero'),
    fails(['0.0.0.0/0'], '10.1.2.03', 'a leading zero at the end'),
    fails(['0.0.0.0/0'], '10.1.2.256', '256'),
    fails(['0.0.0.0/0'], '10.1.2.-1', 'a sign'),
    fails(['0.0.0.0/0'], '10.1.2.3.', 'a dot at the end'),
    fails(['0.0.0.0/0'], '.10.1.2.3', 'a dot in front'),
    fails(['0.0.0.0/0'], '10..2.3', 'an empty number'),
    fails(['0.0.0.0/0'], ' 10.1.2.3', 'a space in front'),
    fails(['0.0.0.0/0'], '10.1.2.3\n', 'a line break behind'),
    fails(['0.0.0.0/0'], '10.1.2.3:80', 'a port'),
    fails(['0.0.0.0/0'], '１０.1.2.3', 'full-width digits'),
    fails(['0.0.0.0/0'], '10。1。2。3', 'ideographic full stops'),
    fails(['0.0.0.0/0'], '', 'an empty text'),
    fails(['0.0.0.0/0'], 'localhost', 'a name'),
    fails(['0.0.0.0/0'], 167837955, 'an integer'),
    fails(['0.0.0.0/0'], ['10.1.2.3'], 'a list'),
  ]
}

function ipv6Cases(): readonly object[] {
  const all = ['::/0']
  return [
    holds(['2001:db8::/32'], '2001:db8::1', 'within'),
    holds(['2001:db8::/32'], '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'the last address'),
    fails(['2001:db8::/32'], '2001:db9::', 'the address behind'),
    holds(['2001:db8::/33'], '2001:db8:7fff::', 'a length within a group'),
    fails(['2001:db8::/33'], '2001:db8:8000::', 'behind a length within a group'),
    holds(['2001:db8::1'], '2001:db8::1', 'an address alone in the rule'),
    holds(['::1/128'], '::1', 'length 128'),
    holds(all, '::', 'the address of zeros'),
    holds(all, '1::', 'zeros at the end'),
    holds(all, '::1', 'zeros at the beginning'),
    holds(all, '1:2:3:4:5:6:7:8', 'no zeros'),
    holds(all, '1:0:3:4:5:6:7:8', 'one zero group is written'),
    holds(all, '1::4:0:0:7:8', 'the first of two equal runs is shortened'),
    holds(all, '1:0:0:4::8', 'the longer run is shortened'),
    holds(all, 'fe80::1', 'a link-local address is an address'),
    fails(all, '1::3:4:5:6:7:8', 'one zero group, shortened'),
    fails(all, '1:0:0:4:5:6:7:8', 'two zero groups, not shortened'),
    fails(all, '1:0:0:4::7:8', 'the second of two equal runs is shortened'),
    fails(all, '1::4:0:0:0:8', 'the shorter run is shortened'),
    fails(all, '1::2::3', 'shortened twice'),
    fails(all, ':::', 'three colons'),
    fails(all, ':1:2:3:4:5:6:7:8', 'a colon in front'),
    fails(all, '1:2:3:4:5:6:7:', 'a colon at the end'),
    fails(all, '1:2:3:4:5:6:7', 'seven groups'),
    fails(all, '1:2:3:4:5:6:7:8:9', 'nine groups'),
    fails(all, '1:2:3:4:5:6:7::8', 'nothing is left out'),
    fails(all, '2001:DB8::1', 'upper case'),
    fails(all, '2001:0db8::1', 'a leading zero'),
    fails(all, '12345::', 'five digits'),
    fails(all, 'g::', 'no hexadecimal digit'),
    fails(all, '[::1]', 'brackets'),
    fails(all, 'fe80::1%eth0', 'a zone'),
    fails(all, 'fe80::1%25eth0', 'an encoded zone'),
    fails(all, '::ffff:10.1.2.3', 'an IPv4-mapped address'),
    fails(all, '::ffff:a01:203', 'an IPv4-mapped address in hexadecimal'),
    fails(all, '64:ff9b::10.1.2.3', 'an embedded IPv4 address with dots'),
    holds(['64:ff9b::/96'], '64:ff9b::a01:203', 'an embedded IPv4 address is judged as IPv6'),
    fails(['10.0.0.0/8'], '64:ff9b::a01:203', 'an embedded IPv4 address is not in the network of IPv4'),
    fails(all, '10.1.2.3', 'IPv4 is not within IPv6'),
    fails(['0.0.0.0/0'], '::1', 'IPv6 is not within IPv4'),
  ]
}

function networkCases(): readonly object[] {
  return [
    holds(['10.0.0.0/8'], '10.1.0.0/16', 'a network within'),
    holds(['10.0.0.0/8'], '10.0.0.0/8', 'the network itself'),
    fails(['10.0.0.0/8'], '10.0.0.0/7', 'a wider network'),
    fails(['10.0.0.0/8', '11.0.0.0/8'], '10.0.0.0/7', 'a network that only both together hold'),
    fails(['10.0.0.0/8'], '11.0.0.0/16', 'a network beside'),
    holds(['2001:db8::/32'], '2001:db8:1::/48', 'a network of IPv6 within'),
    fails(['2001:db8::/32'], '2001:d00::/24', 'a wider network of IPv6'),
    fails(['0.0.0.0/0'], '10.0.0.1/8', 'bits behind the length'),
    fails(['0.0.0.0/0'], '10.0.0.0/08', 'a leading zero in the length'),
    fails(['0.0.0.0/0'], '10.0.0.0/33', 'length 33 of IPv4'),
    fails(['::/0'], '::/129', 'length 129 of IPv6'),
    fails(['0.0.0.0/0'], '10.0.0.0/', 'no length'),
    fails(['0.0.0.0/0'], '10.0.0.0/255.0.0.0', 'a mask'),
    fails(['0.0.0.0/0'], '10.0.0.0/8/8', 'two lengths'),
    fails(['0.0.0.0/0'], '/8', 'no address'),
    fails(['::/0'], `::${' '.repeat(63)}`, '65 units'),
    refused([['cidr', '.v', []]], 'no network'),
    refused([['cidr', '.v', '10.0.0.0/8']], 'a network that is not in an array'),
    refused([['cidr', '.v', ['10.0.0.1/8']]], 'a network with bits behind its length'),
    refused([['cidr', '.v', ['10.0.0.0/33']]], 'a network that is too long'),
    refused([['cidr', '.v', ['10.0.0.0/8', 'example.com']]], 'a name among the networks'),
    refused([['cidr', '.v', ['::ffff:10.0.0.0/104']]], 'a network of mapped addresses'),
    refused([['cidr', '.v', ['::ffff:a00:0/104']]], 'a network of mapped addresses in hexadecimal'),
    refused([['cidr', '.v', [1]]], 'an integer among the networks'),
    refused([['cidr', '.v', Array(257).fill('10.0.0.0/8')]], '257 networks'),
    refused([['cidr', '.v', ['10.0.0.0/8'], 1]], 'an operand too many'),
    refused([['cidr', '.v']], 'no operand'),
  ]
}
