/**
 * Order of resourceVersions: pure. The API calls them opaque, and since Kubernetes 1.35 (KEP-5504) promises what etcd always
 * did: decimal numbers, comparable within one resource. Anything else is "not comparable" here and never decides alone.
 */

export function isOlder(left: string, right: string): boolean {
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return false;
  return BigInt(left) < BigInt(right);
}
