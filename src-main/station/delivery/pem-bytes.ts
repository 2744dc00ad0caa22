const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');
const lineGroups = 16;

/** RFC 7468 text as bytes, made without a string in between: a string with a key in it could not be zeroed. */
export function pemBytes(label: string, der: Uint8Array): Buffer {
  const [head, foot] = [Buffer.from(`-----BEGIN ${label}-----\n`), Buffer.from(`-----END ${label}-----\n`)];
  const groups = Math.ceil(der.length / 3);
  const out = Buffer.alloc(head.length + groups * 4 + Math.ceil(groups / lineGroups) + foot.length);
  out.set(head);
  let at = head.length;
  for (let group = 0; group < groups; group++) {
    const [a = 0, b, c] = der.subarray(group * 3, group * 3 + 3);
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    const six = (shift: number): number => alphabet[(bits >> shift) & 63] ?? 0;
    out[at++] = six(18);
    out[at++] = six(12);
    out[at++] = b === undefined ? 0x3d : six(6);
    out[at++] = c === undefined ? 0x3d : six(0);
    if (group % lineGroups === lineGroups - 1 || group === groups - 1) out[at++] = 0x0a;
  }
  out.set(foot, at);
  return out;
}
