/** `linux.resources.devices`: which devices may be opened and made. */
import type { DeviceRule, Setting } from '@haco/cgroups';
import { defaultDeviceRules } from '../default-devices.js';
import type { Export } from './export.js';

/** What haco's containers may without a word about devices; a runtime would forbid all but those that every container has. */
const everything: readonly DeviceRule[] = [{ allow: true, access: 'rwm' }];

export function exportDevices(settings: readonly Setting[], from: Export): readonly DeviceRule[] {
  const asked = [
    ...(from.sections.cgroups.resources?.devices ?? []),
    ...settings.flatMap((each) => ruleOf(each, from)),
  ];
  if (asked.length === 0) return everything;
  const end = asked.slice(-defaultDeviceRules.length);
  const allowsDefaults = JSON.stringify(end.map(sorted)) === JSON.stringify(defaultDeviceRules.map(sorted));
  if (allowsDefaults) return asked.slice(0, -defaultDeviceRules.length);
  from.missing('cgroups.resources.devices', 'a runtime allows the devices that every container has, whatever is asked');
  return asked;
}

function sorted({ allow, type = 'a', major = -1, minor = -1, access = 'rwm' }: DeviceRule): readonly unknown[] {
  return [allow, type, major, minor, access];
}

/** A rule in the words of v1, `c 1:3 rwm` or `a`. */
function ruleOf({ key, value, from: at }: Setting, from: Export): readonly DeviceRule[] {
  if (key !== 'devices.allow' && key !== 'devices.deny') {
    // The typed rules come in this form too.
    if (key !== 'devices.rules') from.missing(at, `the specification has no field for ${key}`);
    return [];
  }
  const allow = key === 'devices.allow';
  if (/^a( |$)/.test(value)) return [{ allow, access: 'rwm' }];
  const match = /^([bc]) +(\d+|\*):(\d+|\*) +([rwm]{1,3})$/.exec(value);
  if (match === null) {
    from.missing(at, `${JSON.stringify(value)} is no rule`);
    return [];
  }
  const [, type, major = '*', minor = '*', access = ''] = match;
  return [
    {
      allow,
      type: type as 'b' | 'c',
      ...(major === '*' ? {} : { major: Number(major) }),
      ...(minor === '*' ? {} : { minor: Number(minor) }),
      access,
    },
  ];
}
